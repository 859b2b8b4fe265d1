import { z } from 'zod';
import { VALIDATION_PURPOSES } from '../../domain/validation.js';
import { httpUrl, modelIdSchema } from '../parameters.js';
import { route, type Route } from '../route.js';
import { validationSchema, validationView } from '../views/validations.js';

const params = z.strictObject({ id: modelIdSchema });

export const validationRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/models/:id/validations',
    scope: 'operate',
    summary:
      'Compare a candidate version with the model in service on golden, live and generated inputs; answers at once',
    params,
    body: z.strictObject({
      candidate_url: httpUrl,
      purpose: z.enum(VALIDATION_PURPOSES).default('replace'),
      samples: z.int().min(1).max(1_000).default(200),
    }),
    responses: { 202: validationSchema },
    async handler({ ports, params: { id }, body: { candidate_url: candidateUrl, purpose, samples }, actor }) {
      const begun = await ports.application.validations.start(id, { candidateUrl, purpose, samples }, actor);
      return { status: 202, body: validationView(begun) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/models/:id/validations',
    scope: 'read',
    summary: 'Validations of candidates, newest first, with verdict, reasons and figures',
    params,
    responses: { 200: z.object({ validations: z.array(validationSchema) }) },
    async handler({ ports, params: { id } }) {
      const validations = await ports.application.validations.list(id);
      return { status: 200, body: { validations: validations.map(validationView) } };
    },
  }),
];
