import { json, type Route } from '../route.js';

export const identityRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/whoami',
    scope: null,
    summary: 'Who mlfi thinks is calling, what that may do, and what exactly is wrong with the identity',
    async handle({ ports, headers }) {
      const known = await ports.authenticate(headers);
      const nobody = {
        kind: 'nobody',
        subject: null,
        name: null,
        person: null,
        scopes: [],
        decides: [],
        breaks_glass: false,
      };
      if (known.kind === 'absent') {
        const problem = { code: 'no-credential', message: 'no credential was sent' };
        return json({ ...nobody, problem });
      }
      if (known.kind === 'refused') return json({ ...nobody, problem: known.problem });
      const { actor, scopes, problem } = known;
      const { person } = actor;
      return json({
        kind: actor.kind,
        subject: actor.subject,
        name: actor.name,
        person:
          person === undefined
            ? null
            : { issuer: person.issuer, id: person.id, login: person.login, email: person.email, role: person.role },
        scopes,
        decides: ports.application.decisions.actionsVotableBy(actor),
        breaks_glass: ports.application.decisions.mayBreakGlass(actor),
        problem,
      });
    },
  },
];
