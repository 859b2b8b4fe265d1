import { z } from 'zod';
import { ANSWERS } from './answers.js';
import type { Route } from './route.js';

/**
 * JSON Schema of a zod schema, to stand anywhere in the document. The only recursive schema here is "any JSON value", whose
 * `$ref` would point outside its place; `{}` says the same.
 */
function jsonSchema(schema: z.ZodType): object {
  const written = JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
  return JSON.parse(written, (key, value: unknown) => {
    if (key === '$defs' || key === '$schema') return undefined;
    return typeof value === 'object' && value !== null && '$ref' in value ? {} : value;
  }) as object;
}

function answered({ method, path }: Route): object {
  const schema = ANSWERS[`${method} ${path}`];
  return schema === undefined
    ? { description: 'done' }
    : { description: 'done', content: { 'application/json': { schema: jsonSchema(schema) } } };
}

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
                'application/json': { schema: jsonSchema(route.body) },
              },
            },
          }),
      ...(route.scope === null ? { security: [] } : { security: [{ key: [] }], 'x-scope': route.scope }),
      responses: {
        '200': answered(route),
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
