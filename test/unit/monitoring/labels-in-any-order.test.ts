import { expect, it } from 'vitest';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { A, rowsOf, Service, START_MS } from './ended-service.js';
import { labels } from './fleet-on-memory.js';

/** Row from which on more labels are wrong. */
const CHANGED = 1_300;

/** Labels of so many rows from a row on, of whom as many are wrong as were then. */
async function labelled(service: Service, from: number, rows: number): Promise<void> {
  const random = seededRandom(`labels ${from}`);
  await service.fleet.ingest(A, {
    ...labels([]),
    labels: Array.from({ length: rows }, (_, i) => ({
      predictionId: `p${from + i}`,
      label: random.next() < (from < CHANGED ? 0.08 : 0.6) ? 'no' : 'yes',
      atMs: service.nowMs,
    })),
  });
}

/** A model of whose last 1,200 rows no label has come. */
async function unlabelled(): Promise<Service> {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await labelled(service, 0, 700);
  await service.judged();
  await service.sent(rowsOf(700, 1_900));
  await service.judged();
  return service;
}

const BATCHES = Array.from({ length: 12 }, (_, i) => 700 + 100 * i);

it.each([
  ['in order', BATCHES],
  ['newest first', BATCHES.toReversed()],
])('finds a fall of accuracy in labels that come %s, all before one look', async (_, batches) => {
  const service = await unlabelled();
  for (const from of batches) await labelled(service, from, 100);
  await service.judged();
  expect(service.monitored.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['accuracy'] });
  expect(service.monitored.evidence().changeAtMs).toBeGreaterThanOrEqual(START_MS + 1_000 * (CHANGED - 30));
});
