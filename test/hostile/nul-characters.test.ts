import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runService, TOKENS, type RunningService } from '../integration/running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from '../integration/servers/postgres.js';
import { figure } from './figures.js';

const NUL = 'a\0b';
/** It would read another configuration than this test's. */
const LEFT_OUT = ['POST /-/reload'];

const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});
const parameter = z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']) });
const operation = z.object({
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }).optional(),
});
const schemaShape = z.object({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
});

/** A value of the schema in which every free text holds a NUL. */
function withNul(schema: unknown, schemas: Readonly<Record<string, unknown>>, depth = 0): unknown {
  const parsed = schemaShape.safeParse(schema);
  if (!parsed.success || depth > 8) return NUL;
  const { $ref, type, properties, items, minimum } = parsed.data;
  const within = (inner: unknown): unknown => withNul(inner, schemas, depth + 1);
  if ($ref !== undefined) return within(schemas[$ref.split('/').at(-1) ?? '']);
  if (parsed.data.const !== undefined) return parsed.data.const;
  if (parsed.data.enum !== undefined) return parsed.data.enum[0];
  const [choice] = parsed.data.anyOf ?? parsed.data.oneOf ?? [];
  if (choice !== undefined) return within(choice);
  if (parsed.data.allOf !== undefined)
    return Object.assign({}, ...parsed.data.allOf.map((each) => within(each))) as unknown;
  const [kind] = [type].flat();
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, within(each)]));
  if (kind === 'array') return [within(items)];
  if (kind === 'integer' || kind === 'number') return minimum ?? 1;
  if (kind === 'boolean') return true;
  if (kind === 'object') return { [NUL]: NUL };
  return NUL;
}

describe.each(['SQLite', 'PostgreSQL'])('on %s', (kind) => {
  let postgres: Postgres | null = null;
  let running: RunningService;
  beforeAll(async () => {
    const binaries = postgresBinaries();
    if (binaries === null) throw new Error('this test needs PostgreSQL (apt-get install postgresql)');
    if (kind === 'PostgreSQL') postgres = await startPostgres(binaries);
    running = await runService({
      logging: { level: 'silent' },
      ...(postgres === null ? {} : { database: { url: postgres.freshDatabase() } }),
    });
    expect((await running.request('POST', '/api/v1/models', { id: 'target' })).status).toBe(201);
  });
  afterAll(async () => {
    await running.close();
    postgres?.stop();
  });

  it('a NUL character in any id, name, query or text of any route is never an error of the server', async () => {
    const { body } = await running.request('GET', '/api/v1/openapi.json');
    const { paths, components } = document.parse(body);
    const failed: unknown[] = [];
    let calls = 0;
    const ask = async (method: string, path: string, sent?: unknown): Promise<void> => {
      for (const bearer of [running.key, TOKENS.ada]) {
        calls += 1;
        const { status, body: answer } = await running.request(method, path, sent, bearer);
        if (status >= 500) failed.push([method, path, status, answer]);
      }
    };
    for (const [path, methods] of Object.entries(paths))
      for (const [method, description] of Object.entries(methods)) {
        const name = `${method.toUpperCase()} ${path}`;
        const parsed = operation.safeParse(description);
        if (!parsed.success || LEFT_OUT.includes(name)) continue;
        const { parameters, requestBody } = parsed.data;
        const sent = Object.entries(requestBody?.content ?? {})
          .filter(([type]) => type === 'application/json')
          .map(([, { schema }]) => withNul(schema, components.schemas));
        const queries = parameters.filter((each) => each.in === 'query').map((each) => `?${each.name}=a%00b`);
        const places = [path.replaceAll(/\{[^}]+\}/g, 'a%00b'), path.replaceAll(/\{[^}]+\}/g, 'target')];
        for (const place of new Set(places)) {
          // An endless answer says nothing here; its query is looked at before it begins.
          if (name === 'GET /api/v1/events') continue;
          for (const each of ['', ...queries])
            for (const text of sent.length === 0 ? [undefined] : sent)
              await ask(method.toUpperCase(), place + each, text);
        }
      }
    figure(`${kind}: ${calls} requests with NUL characters, ${failed.length} answered 5xx`);
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(200);
  });

  it('an alert with a NUL in its fingerprint is refused for good, and asked for again by nobody', async () => {
    const alert = {
      status: 'firing',
      labels: { alertname: 'Disk', model: 'target' },
      annotations: {},
      startsAt: '2026-11-28T12:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
    };
    for (const sender of ['alertmanager', 'grafana']) {
      const send = (fingerprint: string): ReturnType<RunningService['request']> =>
        running.request('POST', `/api/v1/alerts/${sender}`, { version: '4', alerts: [{ ...alert, fingerprint }] });
      // Alertmanager and Grafana send again what is answered 5xx or 429, and give up what is answered 4xx.
      expect(await send('f\0')).toMatchObject({ status: 400 });
      expect((await send(`f-${sender}`)).status).toBe(202);
    }
  });
});
