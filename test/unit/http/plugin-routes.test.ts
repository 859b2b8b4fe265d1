import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';

const plugin = z
  .object({
    routes: z.array(
      z.object({
        path: z.string(),
        method: z.string(),
        reqRole: z.string(),
        headers: z.array(z.object({ name: z.string(), content: z.string() })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../grafana-plugin/src/plugin.json'), 'utf8')));

/** The route by which Grafana lets a request through: the first whose path and method fit. */
const routeFor = (method: string, path: string) =>
  plugin.routes.find(
    (route) =>
      route.method === method &&
      (route.path.endsWith('*') ? path.startsWith(route.path.slice(0, -1)) : route.path === path),
  );

/** What people in Grafana do not do there: routes of senders, of machines and of administrators at a terminal. */
const ELSEWHERE =
  /^\/(monitoring|v1|-)\/|^\/api\/v1\/(alerts|cloudevents|callbacks|keys|learning|incidents)|\/(observations|labels|changes)$/;

it('lets people change in Grafana what the API lets them change, each with the grant the route wants', () => {
  const changing = ROUTES.filter(({ method, path }) => method !== 'GET' && !ELSEWHERE.test(path));
  expect(changing.length).toBeGreaterThan(12);
  for (const { method, path, scope } of changing) {
    const route = routeFor(method, path.slice(1));
    expect(route, `${method} ${path}`).toBeDefined();
    const grant = route?.headers.find(({ name }) => name === 'X-Route-Grant')?.content;
    expect(`${method} ${path} ${String(grant)}`).toBe(`${method} ${path} ${String(scope)}`);
  }
  expect(routeFor('PATCH', 'api/v1/models/fraud')).toMatchObject({ reqRole: 'Editor' });
  expect(routeFor('DELETE', 'api/v1/models/fraud')).toMatchObject({ reqRole: 'Admin' });
});
