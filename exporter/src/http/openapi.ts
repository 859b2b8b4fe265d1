import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import { COMMON_RESPONSES, commonStatuses, errorSchema } from './common-responses.js';
import type { BodyDefinition, ResponseDefinition, Route } from './route.js';

/** Koa's `:id` as OpenAPI writes it. */
const templateOf = (path: string): string => path.replace(/:([a-z_]+)/gi, '{$1}');

const TAGS: readonly (readonly [prefix: string, tag: string])[] = [
  ['/api/v1/models', 'models'],
  ['/api/v1/discover', 'models'],
  ['/api/v1/incidents', 'incidents'],
  ['/api/v1/feedback', 'incidents'],
  ['/api/v1/alerts', 'alerts'],
  ['/api/v1/audit', 'audit'],
  ['/api/v1/learning', 'history'],
  ['/api/v1/lessons', 'history'],
  ['/api/v1/keys', 'service'],
  ['/api/v1/whoami', 'service'],
  ['/api/v1/events', 'service'],
  ['/api/v1/openapi.json', 'service'],
  ['/api/v1', 'decisions'],
  ['/monitoring', 'legacy'],
  ['/health', 'legacy'],
  ['/metrics', 'prometheus'],
  ['/probe', 'prometheus'],
  ['/sd', 'prometheus'],
];
const tagOf = (path: string): string => TAGS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'service';

function requestBody(body: BodyDefinition): NonNullable<ZodOpenApiOperationObject['requestBody']> {
  const content = 'content' in body ? body.content : { 'application/json': body };
  return {
    required: true,
    content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
  };
}

function response(status: string, definition: ResponseDefinition): ZodOpenApiResponseObject {
  const description = STATUS_CODES[status] ?? status;
  if (!('kind' in definition)) return { description, content: { 'application/json': { schema: definition } } };
  const types = definition.kind === 'text' ? definition.types : [definition.type];
  const schema =
    definition.kind === 'text'
      ? z.string()
      : z.string().meta({ description: `the data of each is a ${definition.name}` });
  return {
    description: definition.description,
    content: Object.fromEntries(
      types.map((type) => [
        type.split(';')[0] ?? type,
        { schema: type === 'application/json' ? z.looseObject({}) : schema },
      ]),
    ),
  };
}

/** A route's own 400 beside the common one: either may come. */
const orError = (definition: ResponseDefinition): ResponseDefinition =>
  'kind' in definition ? definition : z.union([definition, errorSchema]);

function operation(route: Route): ZodOpenApiOperationObject {
  const common = commonStatuses(route);
  const responses: Record<`${1 | 2 | 3 | 4 | 5}${string}`, ZodOpenApiResponseObject> = {};
  for (const status of common) responses[`${status}`] = COMMON_RESPONSES[status];
  for (const [status, definition] of Object.entries(route.responses)) {
    const isCommon = common.some((other) => String(other) === status);
    Object.assign(responses, { [status]: response(status, isCommon ? orError(definition) : definition) });
  }
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^a-z0-9]+/gi, '_').replace(/_$/, '')}`,
    tags: [tagOf(route.path)],
    summary: route.summary,
    ...(route.params === undefined && route.query === undefined
      ? {}
      : {
          requestParams: {
            ...(route.params === undefined ? {} : { path: route.params }),
            ...(route.query === undefined ? {} : { query: route.query }),
          },
        }),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    ...(route.scope === null ? { security: [] } : { security: [{ key: [] }], 'x-scope': route.scope }),
    responses,
  };
}

/** What streams are made of: OpenAPI 3.1 can describe a stream only as text, so each event stands among the schemas. */
function streamed(routes: readonly Route[]): Record<string, z.ZodType> {
  const schemas: Record<string, z.ZodType> = {};
  for (const { responses } of routes)
    for (const definition of Object.values(responses))
      if ('kind' in definition && definition.kind === 'stream') schemas[definition.name] = definition.item;
  return schemas;
}

/** OpenAPI 3.1 document of a route table, made of the schemas that check requests and type responses. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument(
    {
      openapi: '3.1.0',
      info: { title: 'mlfi', version, description: 'A doctor for machine-learning models in production.' },
      paths,
      components: {
        schemas: streamed(routes),
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'mlfi_<id>_<secret>' } },
      },
    },
    { allowEmptySchema: { custom: true, unknown: true } },
  );
}
