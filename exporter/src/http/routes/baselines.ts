import { z } from 'zod';
import { modelIdSchema, text } from '../parameters.js';
import { route, type Route } from '../route.js';
import { baselineSchema, baselineVersionSchema, baselineView } from '../views/baselines.js';

const params = z.strictObject({ id: modelIdSchema });
const body = z.strictObject({ reason: text(3, 1_000) });

export const baselineRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/models/:id/baseline',
    scope: 'read',
    summary: 'How far learning is, or the admitted baseline and its versions',
    params,
    responses: {
      200: z
        .object({ ...baselineSchema.shape, versions: z.array(baselineVersionSchema) })
        .meta({ id: 'BaselineDetail' }),
    },
    async handler({ ports: { application }, params: { id } }) {
      const baseline = baselineView(application.models.status(id));
      const versions = await application.baselines.versions(id);
      const shown = versions.map(({ version, admittedAtMs, frozen }) => ({
        version,
        admitted_at_ms: admittedAtMs,
        frozen,
      }));
      return { status: 200, body: { ...baseline, versions: shown } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/baseline/reset',
    scope: 'operate',
    summary: 'Learn a new baseline version from now on',
    params,
    body,
    responses: { 202: baselineSchema },
    async handler({ ports: { application }, params: { id }, body: { reason }, actor }) {
      await application.baselines.reset(id, actor, reason);
      return { status: 202, body: baselineView(application.models.status(id)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/baseline/accept',
    scope: 'operate',
    summary: 'Accept what is seen since the change as the new normal',
    params,
    body,
    responses: { 202: baselineSchema },
    async handler({ ports: { application }, params: { id }, body: { reason }, actor }) {
      await application.baselines.accept(id, actor, reason);
      return { status: 202, body: baselineView(application.models.status(id)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/baseline/freeze',
    scope: 'operate',
    summary: 'Freeze or unfreeze the admitted baseline',
    params,
    body: z.strictObject({ frozen: z.boolean() }),
    responses: { 200: baselineSchema },
    async handler({ ports: { application }, params: { id }, body: { frozen }, actor }) {
      await application.baselines.freeze(id, frozen, actor);
      return { status: 200, body: baselineView(application.models.status(id)) };
    },
  }),
];
