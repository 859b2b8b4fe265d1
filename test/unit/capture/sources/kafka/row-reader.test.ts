import { expect, it } from 'vitest';
import { BatchReader } from '../../../../../exporter/src/capture/ingest/batch-reader.js';
import { ModelPositions } from '../../../../../exporter/src/capture/sources/kafka/model-positions.js';
import { RowReader } from '../../../../../exporter/src/capture/sources/kafka/row-reader.js';
import { modelId } from '../../../../../exporter/src/domain/identifiers.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../../exporter/src/domain/ingest.js';

const MODEL = modelId('fraud');

/** What is read of records of one partition. */
async function read(values: readonly (string | Buffer)[]) {
  const reader = new RowReader(
    {
      batches: new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() })),
      models: { has: () => true },
      services: () => new Map(),
      ensureWatched: () => Promise.resolve(MODEL),
      rowsPerBatch: () => 200_000,
      positions: new ModelPositions(() => Promise.resolve(new Map())),
    },
    { name: 'predictions', model: MODEL },
  );
  const records = values.map((value, offset) => ({
    ...{ topic: 't', partition: 0, log: 'g/t/id/0', offset, headers: new Map<string, string>() },
    value: Buffer.from(value),
  }));
  const { portions, outcomes } = await reader.read(records, 1e12);
  return {
    outcomes: Object.fromEntries(outcomes),
    taken: portions.flatMap(({ batch }) => batch.observations.map(({ predictionId }) => predictionId)),
    rejected: portions.reduce((sum, { batch }) => sum + batch.rejected, 0),
    steps: portions.flatMap(({ steps }) => steps.map(({ position }) => [position.step, position.next])),
  };
}

const row = (id: string): string => JSON.stringify({ prediction_id: id, features: { a: 1 }, prediction: 'y' });

it('refuses records that cannot be read together, in one step', async () => {
  const records = Array.from({ length: 1_000 }, (_, i) => `p${i},0.5,yes`);
  expect(await read(records)).toEqual({
    outcomes: { refused: 1_000 },
    taken: [],
    rejected: 1_000,
    steps: [[1, 1_000]],
  });
});

it.each([
  ['a table', 'a,b\n1,2', 2],
  ['a list that is cut', '[{"prediction":', 1],
  ['gzip', Buffer.from([0x1f, 0x8b, 0, 1, 2]), 1],
  ['half of an object', '{"prediction":"y","features":', 1],
  ['a number', '7', 1],
  ['a list of lists', '[[1,2],[3,4]]', 2],
])('takes the rows beside %s, which is refused by itself', async (_, bad, rows) => {
  expect(await read([bad, '{"a":1}', bad, row('a'), row('b'), bad, row('c'), bad])).toEqual({
    outcomes: { refused: 5, taken: 3 },
    taken: ['a', 'b', 'c'],
    rejected: 4 * rows + 1,
    steps: [[1, 8]],
  });
});

it.each(['', ']', ',]', ',{"prediction":]', ',\n{"features":}]'])(
  'takes the rows of a list that is damaged behind them (%j)',
  async (end) => {
    expect((await read([`[${row('a')},\n${row('b')}${end}`, row('c')])).taken).toEqual(['a', 'b', 'c']);
  },
);

it.each(['[', '[,', '[]]', '[] {}'])('refuses %j', async (text) => {
  expect(await read([text])).toMatchObject({ outcomes: { refused: 1 }, rejected: 1 });
});

it('counts records: one is refused of which no row is taken', async () => {
  const bad = '{"prediction":"y","confidence":7}';
  const mixed = (id: number): string => `[${bad},${row(`p${id}`)},${bad},${bad}]`;
  const records = [...Array.from({ length: 10 }, (_, i) => mixed(i)), `[${bad},${bad}]`, ' \n'];
  expect(await read(records)).toMatchObject({ outcomes: { taken: 10, refused: 1, skipped: 1 }, rejected: 32 });
});

it('takes about a thousand rows in one step, and a record of more by itself', async () => {
  const list = (count: number): string => `[${Array.from({ length: count }, () => row('p')).join(',')}]`;
  const { steps } = await read([list(400), list(600), list(1), list(1_001), list(999), list(1)]);
  expect(steps).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 6],
  ]);
});
