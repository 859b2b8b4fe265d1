import { z } from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import type { Route } from './route.js';

/** The body of everything that is refused. */
export const errorSchema = z
  .object({
    error: z.looseObject({
      code: z.enum([
        'invalid',
        'unauthenticated',
        'forbidden',
        'not-found',
        'method-not-allowed',
        'conflict',
        'too-large',
        'unsupported-media-type',
        'too-many-requests',
        'unavailable',
        'internal',
      ]),
      message: z.string().meta({ description: 'for people: what is wrong, and what would be right' }),
      field: z.string().nullable().meta({ description: 'the part of the request that is wrong' }),
      details: z.unknown().meta({ description: 'for programs, e.g. the current digest after a stale vote' }),
    }),
  })
  .meta({ id: 'Error' });

const retryAfter = z.object({
  'Retry-After': z.string().meta({ description: 'seconds', header: { id: 'RetryAfter' } }),
});
const refusal = (id: string, description: string, headers?: z.ZodObject): ZodOpenApiResponseObject => ({
  id,
  description,
  content: { 'application/json': { schema: errorSchema } },
  ...(headers === undefined ? {} : { headers }),
});

/** What any route may answer besides its own responses, declared once. */
export const COMMON_RESPONSES = {
  400: refusal('Invalid', 'The request is wrong; `field` names where'),
  401: refusal('Unauthenticated', 'No credential was sent'),
  403: refusal('Forbidden', 'The credential is unknown, or not for this'),
  404: refusal('NotFound', 'There is no such thing'),
  409: refusal('Conflict', 'The state of things does not allow it'),
  413: refusal('TooLarge', 'The body is larger than http.maximum_body'),
  415: refusal('UnsupportedMediaType', 'The content type or encoding of the body is not taken'),
  429: refusal('TooManyRequests', 'Too many requests; ask again later', retryAfter),
  500: refusal('Internal', 'A fault of mlfi; its log has the reference named in the message'),
  503: refusal('Unavailable', 'The same request will work later', retryAfter),
} as const;
export type CommonStatus = keyof typeof COMMON_RESPONSES;

/** Those of the common responses that fit the route. */
export function commonStatuses({ scope, params, queryNamesThing, body, method }: Route): readonly CommonStatus[] {
  return [
    400,
    ...(scope === null ? [] : scope === 'approve' ? ([403] as const) : ([401, 403] as const)),
    ...(params === undefined && queryNamesThing === undefined && method === 'GET' ? [] : ([404] as const)),
    ...(method === 'GET' ? [] : ([409] as const)),
    ...(body === undefined ? [] : ([413, 415] as const)),
    429,
    500,
    503,
  ];
}
