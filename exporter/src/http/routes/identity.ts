import { route, type Route } from '../route.js';
import { whoAmISchema, whoAmIView } from '../views/identity.js';

export const identityRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/whoami',
    scope: null,
    summary: 'Who mlfi thinks is calling, what that may do, and what exactly is wrong with the identity',
    responses: { 200: whoAmISchema },
    async handler({ ports, headers, address }) {
      const { decisions } = ports.application;
      const known = await ports.authenticate(headers, address);
      const body = whoAmIView(
        known,
        (actor) => decisions.actionsVotableBy(actor),
        (actor) => decisions.mayBreakGlass(actor),
      );
      return { status: 200, body };
    },
  }),
];
