import { expect, it } from 'vitest';
import { EventReader } from '../../../../../exporter/src/capture/sources/kafka/event-reader.js';
import { ModelPositions } from '../../../../../exporter/src/capture/sources/kafka/model-positions.js';
import type { LoggedRecord } from '../../../../../exporter/src/capture/sources/kafka/reading.js';
import { modelId } from '../../../../../exporter/src/domain/identifiers.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../../exporter/src/domain/ingest.js';

const settings = {
  ...DEFAULT_INTAKE_LIMITS,
  models: new Map(),
  services: new Map(),
  pairing: { waitMs: 60_000, memoryBytes: 1e9 },
};
const newReader = (): EventReader =>
  new EventReader(
    {
      settings: () => settings,
      maximumDataBytes: 1_000,
      models: { has: () => true },
      ensureWatched: (name) => Promise.resolve(modelId(name)),
      positions: new ModelPositions(() => Promise.resolve(new Map())),
    },
    'predictions',
  );
const record = (
  log: string,
  offset: number,
  headers: Readonly<Record<string, string>>,
  value: string,
): LoggedRecord => ({
  ...{ topic: 't', partition: 0, log, offset, value: Buffer.from(value) },
  headers: new Map(
    Object.entries({ ce_specversion: '1.0', ce_source: 's', 'content-type': 'application/json', ...headers }),
  ),
});
const half = (log: string, offset: number, side: 'request' | 'response', id: string, model = 'fraud'): LoggedRecord =>
  record(
    log,
    offset,
    { ce_id: id, ce_type: `org.kubeflow.serving.inference.${side}`, ce_inferenceservicename: model },
    side === 'request' ? '{"instances":[[1]]}' : '{"predictions":[1]}',
  );

const logged = (offset: number, value: string): LoggedRecord =>
  record('x', offset, { ce_id: `r${offset}`, ce_type: 'row', ce_modelid: 'fraud' }, value);

it('counts records: one is refused of which no row is taken', async () => {
  const reader = newReader();
  const [good, bad] = ['{"features":{"a":1},"prediction":"y"}', '{"features":{"a":1},"prediction":"y","confidence":7}'];
  const values = [good, bad, `[${bad},${good},${bad}]`, `[${bad},${bad}]`, '[]'];
  const { portions, outcomes } = await reader.read(
    [
      ...values.map((value, offset) => logged(offset, value)),
      half('x', 5, 'request', 'c'),
      half('x', 6, 'response', 'c'),
      logged(0, good),
    ],
    1e12,
  );
  expect(portions.map(({ batch }) => [batch.observations.length, batch.rejected])).toEqual([[3, 5]]);
  expect(Object.fromEntries(outcomes)).toEqual({ taken: 3, refused: 2, skipped: 1, waiting: 1, repeated: 1 });
});

it('holds a log at the oldest event that waits, whoever’s it is and however they are answered', async () => {
  const reader = newReader();
  await reader.read(
    Array.from({ length: 6 }, (_, i) => half('x', i, 'request', `c${i}`, i % 2 ? 'fraud' : 'churn')),
    1e12,
  );
  const held: (number | null)[] = [reader.heldAt('x')];
  for (const [offset, i] of [2, 0, 1, 5, 4, 3].entries()) {
    await reader.read([half('y', offset, 'response', `c${i}`, i % 2 ? 'fraud' : 'churn')], 1e12);
    held.push(reader.heldAt('x'));
  }
  expect(held).toEqual([0, 0, 1, 3, 3, 3, null]);
  expect(reader.heldAt('y')).toBeNull();
});

it('knows where a log is held without a look at all that waits', async () => {
  const reader = newReader();
  await reader.read(
    Array.from({ length: 10_000 }, (_, i) => half('x', i, 'request', `c${i}`)),
    1e12,
  );
  const before = process.cpuUsage();
  for (let asked = 0; asked < 20_000; asked += 1) reader.heldAt('x');
  const { user } = process.cpuUsage(before);
  expect(user / 1_000).toBeLessThan(500);
});
