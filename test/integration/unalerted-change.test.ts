import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, type RunningService } from './running-service.js';

interface Shown {
  readonly state: string;
  readonly severity: string;
  readonly cause: string | null;
  readonly headline: string | null;
  readonly incident_id: string | null;
  readonly baseline: { readonly state: string };
  readonly causes: readonly { readonly id: string; readonly probability: number }[];
}

let running: RunningService;
beforeAll(async () => {
  // As by default: in the first two days a daily pattern cannot be told from a change, so that nothing alerts.
  running = await runService({ baseline: { minimum_samples: 300 }, paging: { season: 'auto' } });
});
afterAll(() => running.close());

const shown = async (): Promise<Shown> => (await running.request('GET', '/api/v1/models/credit')).body as Shown;
const shownInList = async (): Promise<Shown | undefined> =>
  ((await running.request('GET', '/api/v1/models')).body as { models: Shown[] }).models[0];
/** Of a metre: too near to be a jump, which alerts at once. */
const FEET = 3.28084;
const random = seededRandom('amounts');
const line = (factor: number): object => {
  const amount = 20 + 80 * random.next();
  return {
    features: { amount: factor * amount, age: Math.round(20 + 40 * random.next()) },
    prediction: amount > 60 ? 'yes' : 'no',
    confidence: 0.7 + 0.25 * random.next(),
  };
};
const send = (count: number, factor: number): Promise<unknown> =>
  running.request(
    'POST',
    '/api/v1/models/credit/observations',
    Array.from({ length: count }, () => line(factor)),
  );

it('is not shown as healthy while a change of unit is all but certain that may not alert yet', async () => {
  await running.request('POST', '/api/v1/models', { id: 'credit', name: 'Credit' });
  await eventually('a baseline', 60_000, async () => {
    await send(100, 1);
    return (await shown()).baseline.state === 'ready' ? true : null;
  });
  await eventually('a healthy model', 30_000, async () => ((await shown()).state === 'healthy' ? true : null));
  await send(400, FEET);
  const changed = await eventually('the change of unit', 60_000, async () => {
    // Of a short baseline the first rows leave a doubt.
    await send(20, FEET);
    const now = await shown();
    const [first] = now.causes;
    return first?.id === 'unit-change' && first.probability > 0.95 ? now : null;
  });
  const told = {
    state: 'degraded',
    severity: 'medium',
    cause: 'unit-change',
    incident_id: null,
    headline: expect.stringMatching(/“amount”.*Changed, not yet alerting: shifts alert nobody/) as unknown,
  };
  expect(changed).toMatchObject(told);
  expect(await shownInList()).toMatchObject(told);
  const { body: metrics } = await running.request('GET', '/metrics/models');
  expect(metrics).toMatch(/mlfi_model_state\{[^}]*state="degraded"[^}]*\} 1/);
  // Nobody is called for it.
  expect(metrics).not.toMatch(/mlfi_incidents_open\{[^}]*\} 1/);
}, 180_000);

it('alerts at once for what no time of day explains', async () => {
  await running.request('POST', '/api/v1/models/credit/baseline/reset', { reason: 'a jump is next' });
  await eventually('a baseline', 60_000, async () => {
    await send(100, 1);
    return (await shown()).baseline.state === 'ready' ? true : null;
  });
  await eventually('a healthy model', 30_000, async () => ((await shown()).state === 'healthy' ? true : null));
  const alerted = await eventually('an incident', 60_000, async () => {
    await send(20, 100);
    const now = await shown();
    return now.incident_id === null ? null : now;
  });
  expect(alerted).toMatchObject({ cause: 'unit-change', headline: expect.stringContaining('“amount”') as unknown });
}, 180_000);
