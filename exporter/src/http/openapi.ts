import { z } from 'zod';
import type { Route } from './route.js';

/** OpenAPI 3.1 document of a route table, bodies from the same zod schemas that check them. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([a-z_]+)/gi, '{$1}');
    const parameters = [...route.path.matchAll(/:([a-z_]+)/gi)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      summary: route.summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(route.body === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              content: {
                'application/json': { schema: z.toJSONSchema(route.body, { unrepresentable: 'any', io: 'input' }) },
              },
            },
          }),
      ...(route.scope === null ? { security: [] } : { security: [{ key: [] }], 'x-scope': route.scope }),
      responses: {
        '200': { description: 'done' },
        '400': { $ref: '#/components/responses/Refused' },
        '403': { $ref: '#/components/responses/Refused' },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'mlfi', version, description: 'A doctor for machine-learning models in production.' },
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'mlfi_<id>_<secret>' } },
      responses: {
        Refused: {
          description: 'refused, with the reason and the field',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  error: {
                    type: 'object',
                    properties: {
                      code: { type: 'string' },
                      message: { type: 'string' },
                      field: { type: ['string', 'null'] },
                    },
                    required: ['code', 'message'],
                  },
                },
                required: ['error'],
              },
            },
          },
        },
      },
    },
  };
}
