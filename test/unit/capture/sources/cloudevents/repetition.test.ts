import { beforeEach, describe, expect, it } from 'vitest';
import { EventReceiver, type EventsTaken } from '../../../../../exporter/src/capture/sources/cloudevents/receiver.js';
import { Conflict } from '../../../../../exporter/src/domain/errors.js';
import { slugOf, type ModelId } from '../../../../../exporter/src/domain/identifiers.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../../exporter/src/domain/ingest.js';

const NOW = Date.UTC(2026, 2, 1, 10);
const WAIT_MS = 60_000;

let counted: Map<string, number>;
/** Models whose rows cannot be taken the next time. */
let away: Set<string>;
/** Models that cannot be found. */
let unknown: Set<string>;
/** Names that another model has. */
let taken: Set<string>;
/** Ends before rows are taken. */
let store: Promise<unknown>;
let receiver: EventReceiver;

beforeEach(() => {
  counted = new Map();
  away = new Set();
  unknown = new Set();
  taken = new Set();
  store = Promise.resolve();
  receiver = new EventReceiver({
    settings: () => ({
      ...DEFAULT_INTAKE_LIMITS,
      models: new Map(),
      services: new Map(),
      pairing: { waitMs: WAIT_MS, memoryBytes: 1_000_000 },
    }),
    maximumDataBytes: 100_000,
    models: {
      has: () => true,
      ingest: async (id, batch) => {
        await store;
        if (away.delete(id)) throw new Error('the store is away');
        const accepted = batch.observations.length;
        counted.set(id, (counted.get(id) ?? 0) + accepted);
        return {
          ...batch,
          accepted,
          labelsInRows: 0,
          labelsMatched: 0,
          labelsUnmatched: 0,
          labelsWaiting: 0,
          duplicate: false,
        };
      },
    },
    count: () => undefined,
  });
});

const ensureWatched = (name: string): Promise<ModelId> => {
  if (unknown.has(name)) return Promise.reject(new Error('cannot be registered now'));
  return taken.has(name) ? Promise.reject(new Conflict('the name is taken')) : Promise.resolve(slugOf(name));
};

const event = (id: string, modelid: string): object => ({
  specversion: '1.0',
  id,
  type: 'x',
  source: '/s',
  modelid,
  datacontenttype: 'application/json',
  data: { prediction: 'yes', features: { a: 1 } },
});
const post = (...events: object[]): Promise<EventsTaken> =>
  receiver.receive(
    { 'content-type': 'application/cloudevents-batch+json' },
    Buffer.from(JSON.stringify(events)),
    NOW,
    'commit',
    ensureWatched,
  );
const half = (id: string, service: string): Promise<EventsTaken> =>
  receiver.receive(
    {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': '/s',
      'ce-type': 'org.kubeflow.serving.inference.response',
      'ce-inferenceservicename': service,
      'content-type': 'application/json',
    },
    Buffer.from('{"predictions":["yes"]}'),
    NOW,
    'commit',
    ensureWatched,
  );

describe('a request that was answered with an error, repeated by its sender', () => {
  it('is counted whole when the model of a later event could not be found', async () => {
    unknown.add('b');
    await expect(post(event('1', 'a'), event('2', 'b'))).rejects.toThrow('cannot be registered');
    unknown.clear();
    expect(await post(event('1', 'a'), event('2', 'b'))).toMatchObject({ rows: 2, repeated: 0 });
  });

  it('is counted once for each model, whichever could not be taken', async () => {
    for (const broken of ['a', 'b']) {
      const events = [event(`1${broken}`, 'a'), event(`2${broken}`, 'b')];
      away.add(broken);
      await expect(post(...events)).rejects.toThrow('away');
      expect(await post(...events)).toMatchObject({ rows: 1, repeated: 1 });
    }
    expect([...counted]).toEqual([
      ['b', 2],
      ['a', 2],
    ]);
  });

  it('waits for the first one, and is counted when that fails', async () => {
    let open = (): void => undefined;
    store = new Promise<void>((resolve) => (open = resolve));
    away.add('a');
    const failed = expect(post(event('1', 'a'))).rejects.toThrow('away');
    const repeated = post(event('1', 'a'));
    open();
    await failed;
    expect(await repeated).toMatchObject({ rows: 1, repeated: 0 });
    expect(counted.get('a')).toBe(1);
  });

  it('is told to be a repetition when the first one is taken', async () => {
    const [first, second] = await Promise.all([post(event('1', 'a')), post(event('1', 'a'))]);
    expect([first.rows, second.rows, second.repeated]).toEqual([1, 0, 1]);
  });
});

it('gives up halves of each model by itself: those of one that cannot be written wait again', async () => {
  for (const service of ['a', 'b']) await half('1', service);
  away.add('a');
  await expect(receiver.sweep(NOW + WAIT_MS)).rejects.toThrow('away');
  expect([...counted]).toEqual([['b', 1]]);
  expect(receiver.waiting.halves).toBe(1);
  await receiver.sweep(NOW + 2 * WAIT_MS);
  expect(counted.get('a')).toBe(1);
});

it('refuses only the event whose model has another’s name, and takes a refused event once it is put right', async () => {
  taken = new Set(['b']);
  expect(await post(event('1', 'a'), event('2', 'b'))).toMatchObject({
    rows: 1,
    refused: 1,
    errors: [{ event: 2, field: 'service', message: 'the name is taken' }],
  });
  const wrong = { ...event('3', 'a'), data: { prediction: 'yes', confidence: 7 } };
  expect(await post(wrong)).toMatchObject({ rows: 0, refused: 1 });
  expect(await post(event('3', 'a'))).toMatchObject({ rows: 1, repeated: 0 });
});
