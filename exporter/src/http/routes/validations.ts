import { z } from 'zod';
import { VALIDATION_PURPOSES } from '../../domain/validation.js';
import { bodyOf, json, modelParam, type Route } from '../route.js';

const request = z.strictObject({
  candidate_url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_048),
  purpose: z.enum(VALIDATION_PURPOSES).default('replace'),
  samples: z.number().int().min(1).max(1_000).default(200),
});

export const validationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/v1/models/:id/validations',
    scope: 'operate',
    summary:
      'Compare a candidate version with the model in service on golden, live and generated inputs; answers at once',
    body: request,
    async handle(context) {
      const { candidate_url: candidateUrl, purpose, samples } = await bodyOf(context, request);
      const begun = await context.ports.application.validations.start(
        modelParam(context),
        { candidateUrl, purpose, samples },
        context.actor,
      );
      return json(begun, 202);
    },
  },
  {
    method: 'GET',
    path: '/api/v1/models/:id/validations',
    scope: 'read',
    summary: 'Validations of candidates, newest first, with verdict, reasons and figures',
    handle: async (context) =>
      json({ validations: await context.ports.application.validations.list(modelParam(context)) }),
  },
];
