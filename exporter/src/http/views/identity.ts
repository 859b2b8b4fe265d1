import { z } from 'zod';
import { ORG_ROLES, type Actor } from '../../domain/actor.js';
import { ACTION_IDS, type ActionId } from '../../domain/recommendation.js';
import type { Authentication } from '../identity/authenticate.js';
import { nullableText } from './estimates.js';

export const whoAmISchema = z
  .object({
    kind: z.enum(['nobody', 'user', 'api-key', 'system']),
    subject: nullableText,
    name: nullableText,
    person: z
      .object({
        issuer: z.enum(['grafana', 'local']),
        id: z.string(),
        login: z.string(),
        email: nullableText,
        role: z.enum(ORG_ROLES),
      })
      .nullable(),
    scopes: z.array(z.string()),
    votable_actions: z.array(z.enum(ACTION_IDS)).meta({ description: 'actions this caller may vote on' }),
    may_break_glass: z.boolean(),
    problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'WhoAmI' });

const NOBODY: Omit<z.output<typeof whoAmISchema>, 'problem'> = {
  kind: 'nobody',
  subject: null,
  name: null,
  person: null,
  scopes: [],
  votable_actions: [],
  may_break_glass: false,
};

/** Who is calling, what that may do, and what exactly is wrong with the identity. */
export function whoAmIView(
  known: Authentication,
  votableActions: (actor: Actor) => readonly ActionId[],
  mayBreakGlass: (actor: Actor) => boolean,
): z.output<typeof whoAmISchema> {
  if (known.kind === 'absent')
    return { ...NOBODY, problem: { code: 'no-credential', message: 'no credential was sent' } };
  if (known.kind === 'refused')
    return { ...NOBODY, problem: { code: known.problem.code, message: known.problem.message } };
  const { actor, scopes, problem } = known;
  const { person } = actor;
  return {
    kind: actor.kind,
    subject: actor.subject,
    name: actor.name,
    person:
      person === undefined
        ? null
        : { issuer: person.issuer, id: person.id, login: person.login, email: person.email, role: person.role },
    scopes: [...scopes],
    votable_actions: [...votableActions(actor)],
    may_break_glass: mayBreakGlass(actor),
    problem: problem === null ? null : { code: problem.code, message: problem.message },
  };
}
