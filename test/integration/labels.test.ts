import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, type RunningService } from './running-service.js';

/** Labels as people send them: after the fact, with a history behind them, over HTTP to a real service. */
interface View {
  readonly state: string;
  readonly headline: string | null;
  readonly baseline: { readonly state: string };
  readonly performance: {
    readonly labelled_share: number | null;
    readonly realised_accuracy: { readonly share: number } | null;
  };
  readonly findings: readonly { readonly detector: string; readonly sentence: string }[];
  readonly blind_spots: readonly { readonly check: string; readonly reason: string }[];
}

let running: RunningService;
beforeAll(async () => {
  running = await runService({
    baseline: { minimum_samples: 300, minimum_duration: '0s' },
    detection: { silence: '1d' },
  });
});
afterAll(() => running.close());

const view = async (id: string): Promise<View> => (await running.request('GET', `/api/v1/models/${id}`)).body as View;
async function send(id: string, what: 'observations' | 'labels', rows: readonly object[]): Promise<void> {
  const { status, body } = await running.request('POST', `/api/v1/models/${id}/${what}`, rows);
  expect(status).toBe(200);
  if (what === 'labels') expect(body).toMatchObject({ labels_matched: rows.length, labels_unmatched: 0 });
}

const DAY_MS = 86_400_000;
const HISTORY = 1_000;
const LIVE = 300;

interface Logged {
  readonly prediction_id: string;
  readonly timestamp?: string;
  readonly features: object;
  readonly prediction: string;
  readonly confidence: number;
}

/** Predictions of which nine in ten are right, with their labels. */
function logged(name: string, count: number, atMs: (i: number) => number | null, right = 0.9) {
  const random = seededRandom(name);
  return Array.from({ length: count }, (_, i) => {
    const time = atMs(i);
    const prediction = random.next() < 0.4 ? 'buy' : 'leave';
    const other = prediction === 'buy' ? 'leave' : 'buy';
    const row: Logged = {
      prediction_id: `${name}-${i}`,
      ...(time === null ? {} : { timestamp: new Date(time).toISOString() }),
      features: { basket: random.next() },
      prediction,
      confidence: 0.85 + 0.1 * random.next(),
    };
    return { row, timeMs: time, label: random.next() < right ? prediction : other };
  });
}

describe.each([
  ['without times of their own', () => ({})],
  ['that came a day after their predictions', (atMs: number) => ({ timestamp: new Date(atMs + DAY_MS).toISOString() })],
] as const)('a history of ten days with labels %s', (_, timeOf) => {
  const id = Object.keys(timeOf(0)).length === 0 ? 'untimed' : 'timed';

  it('and then live predictions with labels right behind them: the window shows how many are right', async () => {
    await running.request('POST', '/api/v1/models', { id });
    const startMs = Date.now() - 11 * DAY_MS;
    const history = logged(`${id}-old`, HISTORY, (i) => startMs + (i * 10 * DAY_MS) / HISTORY);
    for (let i = 0; i < HISTORY; i += 500) {
      const part = history.slice(i, i + 500);
      await send(
        id,
        'observations',
        part.map(({ row }) => row),
      );
      await send(
        id,
        'labels',
        part.map(({ row, timeMs, label }) => ({ prediction_id: row.prediction_id, label, ...timeOf(timeMs ?? 0) })),
      );
    }
    await eventually('the baseline', 60_000, async () => ((await view(id)).baseline.state === 'ready' ? true : null));
    const live = logged(`${id}-live`, LIVE, () => null, 0.75);
    for (let i = 0; i < LIVE; i += 50) {
      const part = live.slice(i, i + 50);
      await send(
        id,
        'observations',
        part.map(({ row }) => row),
      );
      await send(
        id,
        'labels',
        part.map(({ row, label }) => ({ prediction_id: row.prediction_id, label })),
      );
    }
    const right = live.filter(({ row, label }) => row.prediction === label).length / LIVE;
    const seen = await eventually('labels of the window', 60_000, async () => {
      const now = await view(id);
      return (now.performance.labelled_share ?? 0) > 0.99 &&
        Math.abs((now.performance.realised_accuracy?.share ?? 0) - right) < 0.03
        ? now
        : null;
    });
    expect(seen.blind_spots.filter(({ check }) => check === 'accuracy')).toEqual([]);
  }, 150_000);
});
