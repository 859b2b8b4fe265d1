import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PAGING_SEVERITIES } from '../../exporter/src/domain/paging.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, TOKENS, type RunningService } from '../integration/running-service.js';
import { figure } from './figures.js';

const MODELS = ['faster', 'slower', 'failing'] as const;
const ROWS = 3_000;
const EVERY_MS = 2_000;
const BASELINE_MS = 100;
const CHANGED_MS = { faster: 20, slower: 900, failing: BASELINE_MS };
const FAILING_SHARE = { faster: 0, slower: 0, failing: 0.6 };
const startMs = Date.now() - 2 * ROWS * EVERY_MS - 60_000;
const random = seededRandom('pages');

const shown = z.object({
  state: z.string(),
  baseline: z.object({ state: z.string() }),
  total_samples: z.number(),
  evaluated_at_ms: z.number().nullable(),
});
const listed = z.object({ incidents: z.array(z.object({ id: z.string() })) });

let running: RunningService;
beforeAll(async () => {
  running = await runService({ windows: { length: '10m', evaluate_every: '1s' } });
  for (const id of MODELS) expect((await running.request('POST', '/api/v1/models', { id })).status).toBe(201);
});
afterAll(() => running.close());

/** Rows that differ from those before in nothing but how long their answers took, or how many failed. */
async function send(id: string, from: number, latencyMs: number, failingShare: number): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    timestamp: startMs + (from + i) * EVERY_MS,
    prediction: random.next() < 0.4 ? 'yes' : 'no',
    confidence: 0.7 + 0.2 * random.next(),
    latency_ms: latencyMs * (0.8 + 0.4 * random.next()),
    features: { age: Math.round(20 + 40 * random.next()) },
    ...(random.next() < failingShare ? { error: 'timeout' } : {}),
  }));
  const { status, body } = await running.request('POST', `/api/v1/models/${id}/observations`, rows);
  expect([status, body]).toMatchObject([200, { accepted: ROWS }]);
}
const model = async (id: string): Promise<z.output<typeof shown>> =>
  shown.parse((await running.request('GET', `/api/v1/models/${id}`, undefined, TOKENS.ada)).body);
const incidentsOf = async (id: string): Promise<number> =>
  listed.parse((await running.request('GET', `/api/v1/incidents?model=${id}`)).body).incidents.length;
/** What the alert rules look at: levels of open incidents of a model, by value. */
async function levelsOf(id: string): Promise<ReadonlyMap<string, number>> {
  const text = String((await running.request('GET', '/metrics/models')).body);
  const series = [...text.matchAll(/^mlfi_incidents_open\{([^}]*)\} (\S+)$/gm)];
  return new Map(
    series
      .filter(([, labels = '']) => labels.includes(`model_name="${id}"`))
      .map(([, labels = '', value]) => [/level="([^"]*)"/.exec(labels)?.[1] ?? '', Number(value)]),
  );
}
const paging = (levels: ReadonlyMap<string, number>): number =>
  PAGING_SEVERITIES.reduce((sum, level) => sum + (levels.get(level) ?? 0), 0);

describe('people are called', () => {
  it('for a model that fails, and never for one that answers faster', async () => {
    for (const id of MODELS) await send(id, 0, BASELINE_MS, 0);
    for (const id of MODELS)
      await eventually(`a baseline of ${id}`, 150_000, async () =>
        (await model(id)).baseline.state === 'ready' ? true : null,
      );
    for (const id of MODELS) await send(id, ROWS, CHANGED_MS[id], FAILING_SHARE[id]);
    for (const id of ['slower', 'failing'])
      await eventually(`an incident of ${id}`, 150_000, async () => ((await incidentsOf(id)) > 0 ? true : null));
    const sinceMs = Date.now();
    await eventually('an evaluation of the faster one', 150_000, async () => {
      const { evaluated_at_ms, total_samples } = await model('faster');
      return total_samples === 2 * ROWS && (evaluated_at_ms ?? 0) > sinceMs + 12_000 ? true : null;
    });
    const told = MODELS.map(async (id) => {
      const levels = [...(await levelsOf(id))].filter(([, value]) => value > 0).map(([level]) => level);
      return `${id}: ${(await model(id)).state}, ${await incidentsOf(id)} incidents ${levels.join(' ')}`;
    });
    figure((await Promise.all(told)).join('; '));
    expect(await incidentsOf('faster')).toBe(0);
    expect(paging(await levelsOf('faster'))).toBe(0);
    expect([...(await levelsOf('slower')).values()].reduce((sum, value) => sum + value, 0)).toBe(1);
    expect(paging(await levelsOf('failing'))).toBe(1);
  }, 600_000);

  it('no longer once the model is removed', async () => {
    expect(paging(await levelsOf('failing'))).toBe(1);
    expect((await running.request('DELETE', '/api/v1/models/failing')).status).toBeLessThan(300);
    expect(await levelsOf('failing')).toEqual(new Map());
    expect(String((await running.request('GET', '/metrics/models')).body)).not.toContain('model_name="failing"');
  });
});
