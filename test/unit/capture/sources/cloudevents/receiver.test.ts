import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ParsedBatch } from '../../../../../exporter/src/capture/ingest/parse.js';
import {
  EventReceiver,
  type EventIntakeSettings,
  type EventOutcome,
  type EventsTaken,
} from '../../../../../exporter/src/capture/sources/cloudevents/receiver.js';
import { slugOf, modelId, type ModelId } from '../../../../../exporter/src/domain/identifiers.js';
import { DEFAULT_INTAKE_LIMITS, type IngestBatch } from '../../../../../exporter/src/domain/ingest.js';
import type { Observation } from '../../../../../exporter/src/domain/observation.js';

const NOW = Date.UTC(2026, 2, 1, 10, 0, 5);
const WAIT_MS = 60_000;

let taken: { id: ModelId; batch: ParsedBatch & Pick<IngestBatch, 'sender'> }[];
let counts: Map<EventOutcome, number>;
let watched: Set<string>;
let storeIsAway: boolean;
let receiver: EventReceiver;

function start(settings: Partial<EventIntakeSettings> = {}): void {
  taken = [];
  counts = new Map();
  watched = new Set();
  storeIsAway = false;
  receiver = new EventReceiver({
    settings: () => ({
      ...DEFAULT_INTAKE_LIMITS,
      models: new Map(),
      services: new Map(),
      pairing: { waitMs: WAIT_MS, memoryBytes: 1_000_000 },
      ...settings,
    }),
    maximumDataBytes: 100_000,
    models: {
      has: (id) => watched.has(id),
      ingest: (id, batch) => {
        if (storeIsAway) return Promise.reject(new Error('the store is away'));
        taken.push({ id, batch });
        return Promise.resolve({
          ...batch,
          accepted: batch.observations.length + batch.labels.length,
          labelsInRows: 0,
          labelsMatched: 0,
          labelsUnmatched: 0,
          labelsWaiting: 0,
          duplicate: false,
        });
      },
    },
    count: (outcome, events) => void counts.set(outcome, (counts.get(outcome) ?? 0) + events),
  });
}
beforeEach(() => start());

const ensureWatched = (name: string): Promise<ModelId> => {
  const id = slugOf(name);
  watched.add(id);
  return Promise.resolve(id);
};
const post = (headers: Record<string, string>, body: string | Buffer, nowMs = NOW): Promise<EventsTaken> =>
  receiver.receive(headers, Buffer.from(body), nowMs, 'memory', ensureWatched);

/** What KServe's agent sends (pkg/logger/worker.go): binary mode, the content type of the request on both sides. */
const kserve = (
  side: 'request' | 'response',
  id: string,
  extra: Record<string, string> = {},
): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': 'http://localhost:9081/',
  'ce-type': `org.kubeflow.serving.inference.${side}`,
  'ce-time': side === 'request' ? '2026-03-01T10:00:00.1Z' : '2026-03-01T10:00:00.35Z',
  'ce-inferenceservicename': 'iris',
  'ce-namespace': 'default',
  'ce-component': 'predictor',
  'ce-endpoint': 'default',
  'ce-metadata': '{}',
  'content-type': 'application/json',
  ...extra,
});
const pair = async (
  request: string | Buffer,
  response: string | Buffer,
  extra: Record<string, string> = {},
): Promise<EventsTaken> => {
  await post(kserve('request', 'p', extra), request);
  return post(kserve('response', 'p', extra), response);
};
const rows = (): readonly Observation[] => taken.flatMap(({ batch }) => batch.observations);
const features = (): unknown[] => rows().map((row) => ({ ...row.features }));
const answers = (): unknown[] => rows().map(({ prediction, confidence }) => [prediction, confidence]);

describe('KServe’s inference logger', () => {
  it('v1: one row of a request and its response, with time and latency', async () => {
    expect(await post(kserve('request', '7f3'), '{"instances":[[5.1,3.5]]}')).toMatchObject({ waiting: 1, rows: 0 });
    expect(await post(kserve('response', '7f3'), '{"predictions":[0]}')).toMatchObject({ rows: 1, refused: 0 });
    expect(taken[0]?.id).toBe('iris');
    expect(rows()).toMatchObject([
      {
        predictionId: '7f3',
        atMs: Date.UTC(2026, 2, 1, 10, 0, 0, 100),
        prediction: 0,
        latencySeconds: 0.25,
        failure: null,
      },
    ]);
    expect(features()).toEqual([{ 0: 5.1, 1: 3.5 }]);
    expect(receiver.waiting).toEqual({ halves: 0, bytes: 0 });
  });

  it('tells the sources of events apart, for each has a clock and a delay of its own', async () => {
    for (const source of ['/pod/1', '/pod/2']) {
      await post(kserve('request', source, { 'ce-source': source }), '{"instances":[[1]]}');
      await post(kserve('response', source, { 'ce-source': source }), '{"predictions":[0]}');
    }
    expect(taken.map(({ batch }) => batch.sender)).toEqual(['/pod/1', '/pod/2']);
  });

  it('takes the response first', async () => {
    await post(kserve('response', 'a'), '{"predictions":["cat"]}');
    expect(await post(kserve('request', 'a'), '{"instances":[{"w":1,"h":2}]}')).toMatchObject({ rows: 1 });
    expect(answers()).toEqual([['cat', null]]);
    expect(features()).toEqual([{ w: 1, h: 2 }]);
  });

  it('a batch is a row per instance, each with its own answer and id', async () => {
    await pair('{"instances":[[1,2],[3,4],[5,6]]}', '{"predictions":[[0.9,0.1],[0.2,0.8],[0.4,0.6]]}');
    expect(answers()).toEqual([
      [0, 0.9],
      [1, 0.8],
      [1, 0.6],
    ]);
    expect(rows().map(({ predictionId }) => predictionId)).toEqual(['p#0', 'p#1', 'p#2']);
    expect(features()).toEqual([
      { 0: 1, 1: 2 },
      { 0: 3, 1: 4 },
      { 0: 5, 1: 6 },
    ]);
  });

  it('names columns as the configuration says, and leaves out what it says', async () => {
    start({
      models: new Map([['iris', { columns: ['length', 'user'], fields: new Map([['user', 'ignore' as const]]) }]]),
    });
    await pair('{"instances":[[5.1,77]]}', '{"predictions":[0]}');
    expect(features()).toEqual([{ length: 5.1 }]);
  });

  it('v2: tensors of several rows, by columns or as one matrix', async () => {
    const columns =
      '{"id":"7","inputs":[{"name":"age","shape":[2,1],"datatype":"FP32","data":[31,64]},{"name":"job","shape":[2],"datatype":"BYTES","data":["YWRtaW4=","b3duZXI="],"parameters":{"content_type":"base64"}}]}';
    await pair(
      columns,
      '{"model_name":"iris","model_version":"3","id":"7","outputs":[{"name":"predict","shape":[2,1],"datatype":"BYTES","data":["no","yes"]},{"name":"predict_proba","shape":[2,2],"datatype":"FP64","data":[0.7,0.3,0.1,0.9]}]}',
    );
    expect(features()).toEqual([
      { age: 31, job: 'admin' },
      { age: 64, job: 'owner' },
    ]);
    expect(rows()).toMatchObject([
      { prediction: 'no', confidence: 0.7, modelVersion: '3' },
      { prediction: 'yes', confidence: 0.9, modelVersion: '3' },
    ]);
    start();
    await pair(
      '{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4]]}]}',
      '{"outputs":[{"name":"y","shape":[2],"datatype":"INT64","data":[5,6]}]}',
    );
    expect(features()).toEqual([
      { 'x.0': 1, 'x.1': 2 },
      { 'x.0': 3, 'x.1': 4 },
    ]);
    expect(answers()).toEqual([
      [5, null],
      [6, null],
    ]);
  });

  it('reads the JSON before the tensors of v2 in binary, and the answer in spite of the content type', async () => {
    const json = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}';
    const request = Buffer.concat([Buffer.from(json), Buffer.from([0, 0, 128, 63, 0, 0, 0, 64])]);
    await pair(request, '{"outputs":[{"name":"label","shape":[1],"datatype":"BYTES","data":["cat"]}]}', {
      'content-type': 'application/octet-stream',
    });
    expect(answers()).toEqual([['cat', null]]);
  });

  it('reads a response that is gzip though nothing says so, and no bomb', async () => {
    await pair('{"instances":[[1]]}', gzipSync('{"predictions":[1]}'));
    expect(answers()).toEqual([[1, null]]);
    start();
    expect(await pair('{"instances":[[1]]}', gzipSync(Buffer.alloc(10_000_000)))).toMatchObject({
      rows: 0,
      refused: 1,
    });
  });

  it('takes no more rows in one request than a batch may have, and makes nothing of the others', async () => {
    start({ rowsPerBatch: 3 });
    const event = { specversion: '1.0', source: '/s', modelid: 'fraud', type: 't' };
    const rowsOf = (id: string, count: number): object => ({
      ...{ ...event, id },
      data: Array.from({ length: count }, () => ({ prediction: 'x' })),
    });
    const body = JSON.stringify([rowsOf('1', 2), rowsOf('2', 2), rowsOf('3', 2)]);
    expect(await post({ 'content-type': 'application/cloudevents-batch+json' }, body)).toMatchObject({
      rows: 2,
      refused: 2,
      errors: [
        { event: 2, field: 'data', message: expect.stringContaining('rows_per_batch') as string },
        { event: 3, field: 'data' },
      ],
    });
  });

  it('keeps NaN of Python’s json out of the answer, which is none, and missing in the input', async () => {
    expect(await pair('{"instances":[[NaN, 2]]}', '{"predictions":[NaN]}')).toMatchObject({ refused: 0 });
    expect(rows()).toMatchObject([{ prediction: null, failure: { reason: 'no_answer' } }]);
    start();
    await pair('{"instances":[[NaN, 2]]}', '{"predictions":[3]}');
    expect(features()).toEqual([{ 0: null, 1: 2 }]);
  });

  it('a chat is described, and its words are nowhere', async () => {
    await pair(
      '{"model":"m","messages":[{"role":"user","content":"my card CANARY-4711 was stolen"}]}',
      '{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Call us."},"finish_reason":"stop"}]}',
    );
    expect(rows()).toHaveLength(1);
    expect(rows()[0]?.features).toHaveProperty(['text.length']);
    expect(JSON.stringify(taken)).not.toContain('CANARY');
  });

  it('a response that holds an error is a failed call', async () => {
    await pair('{"instances":[[1]]}', '{"error":"shape mismatch"}');
    expect(rows()).toMatchObject([{ prediction: null, failure: { reason: 'error_body' } }]);
  });

  it('names the fields of an answer it cannot read, never a value', async () => {
    const { errors } = await pair('{"instances":[[1]]}', '{"payload":{"secret":"CANARY","n":1}}');
    expect(errors).toMatchObject([{ field: 'response' }]);
    expect(errors[0]?.message).toContain('payload.secret:string');
    expect(JSON.stringify(errors)).not.toContain('CANARY');
  });

  it('refuses to guess which of two answers belongs to three inputs', async () => {
    await pair('{"instances":[[1],[2],[3]]}', '{"predictions":[1,2]}');
    expect(taken[0]?.batch).toMatchObject({ rejectedByReason: { unaligned: 3 }, observations: [] });
  });

  it('keeps transformer and predictor apart, namespaces too, and takes no explanation', async () => {
    await pair('{"instances":[[1]]}', '{"predictions":[1]}', { 'ce-component': 'transformer' });
    await pair('{"instances":[[1]]}', '{"predictions":[1]}', { 'ce-namespace': 'payments' });
    expect(await post(kserve('request', 'e', { 'ce-component': 'explainer' }), '{}')).toMatchObject({ skipped: 1 });
    expect(taken.map(({ id }) => id)).toEqual(['iris-transformer', 'payments-iris']);
  });
});

describe('what never comes together', () => {
  it('a request without its response is a failed call, once responses are known to be logged', async () => {
    await pair('{"instances":[[1]]}', '{"predictions":[1]}');
    await post(kserve('request', 'lost'), '{"instances":[[2]]}');
    await receiver.sweep(NOW + WAIT_MS - 1);
    expect(rows()).toHaveLength(1);
    await receiver.sweep(NOW + WAIT_MS);
    expect(rows()[1]).toMatchObject({ predictionId: 'lost', prediction: null, failure: { reason: 'other' } });
    expect(features()[1]).toEqual({ 0: 2 });
    expect(await post(kserve('response', 'lost'), '{"predictions":[1]}', NOW + WAIT_MS)).toMatchObject({ repeated: 1 });
    expect(counts.get('late')).toBe(1);
    expect(rows()).toHaveLength(2);
  });

  it('is refused with the reason where no response ever came', async () => {
    await post(kserve('request', 'lost'), '{"instances":[[2]]}');
    await receiver.sweep(NOW + WAIT_MS);
    expect(taken[0]?.batch).toMatchObject({ rejectedByReason: { unanswered: 1 }, observations: [] });
    expect(counts.get('unanswered')).toBe(1);
  });

  it('a response without its request is a prediction without inputs', async () => {
    await post(kserve('response', 'lone'), '{"predictions":["a","b"]}');
    await receiver.sweep(NOW + WAIT_MS);
    expect(answers()).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect(rows()[0]?.features).toBeNull();
  });

  it('counts at a stop what it can, and calls no request failed whose response may still come', async () => {
    await pair('{"instances":[[1]]}', '{"predictions":[1]}');
    await post(kserve('response', 'lone'), '{"predictions":[2]}');
    await post(kserve('request', 'open'), '{"instances":[[3]]}');
    await receiver.stop(NOW + 1);
    expect(receiver.waiting).toEqual({ halves: 0, bytes: 0 });
    expect(answers()).toEqual([
      [1, null],
      [2, null],
    ]);
    expect(rows().every(({ failure }) => failure === null)).toBe(true);
    expect(taken.at(-1)?.batch).toMatchObject({ rejectedByReason: { unanswered: 1 } });
  });

  it('never takes more than its memory: the oldest are given up', async () => {
    start({ pairing: { waitMs: WAIT_MS, memoryBytes: 100_000 } });
    const big = JSON.stringify({ instances: [Array.from({ length: 2_000 }, (_, i) => i)] });
    for (let i = 0; i < 100; i += 1) {
      await post(kserve('request', `n${i}`), big);
      expect(receiver.waiting.bytes).toBeLessThanOrEqual(100_000);
    }
    expect((counts.get('unanswered') ?? 0) + receiver.waiting.halves).toBe(100);
    expect(rows()).toEqual([]);
    expect(await post(kserve('response', 'n99'), '{"predictions":[1]}')).toMatchObject({ rows: 1 });
  });
});

describe('what comes again', () => {
  it('is counted once, whichever half it is and whenever it comes', async () => {
    await post(kserve('request', 'a'), '{"instances":[[1]]}');
    expect(await post(kserve('request', 'a'), '{"instances":[[1]]}')).toMatchObject({ repeated: 1, waiting: 0 });
    await post(kserve('response', 'a'), '{"predictions":[1]}');
    await post(kserve('response', 'a'), '{"predictions":[1]}');
    await post(kserve('request', 'a'), '{"instances":[[1]]}');
    await receiver.sweep(NOW + WAIT_MS - 1);
    expect(rows()).toHaveLength(1);
  });

  it('is taken when the store was away the first time', async () => {
    await post(kserve('request', 'a'), '{"instances":[[1]]}');
    storeIsAway = true;
    await expect(post(kserve('response', 'a'), '{"predictions":[1]}')).rejects.toThrow('away');
    storeIsAway = false;
    expect(await post(kserve('response', 'a'), '{"predictions":[1]}')).toMatchObject({ rows: 1 });
  });

  it('in any order, with any repetition, counts each call once', async () => {
    const halves = fc.array(fc.record({ id: fc.integer({ min: 0, max: 5 }), isRequest: fc.boolean() }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(halves, async (sent) => {
        start();
        for (const { id, isRequest } of sent)
          await post(
            kserve(isRequest ? 'request' : 'response', String(id)),
            isRequest ? '{"instances":[[1]]}' : '{"predictions":[1]}',
          );
        await receiver.sweep(NOW + WAIT_MS);
        const seen = taken.reduce((sum, { batch }) => sum + batch.observations.length + batch.rejected, 0);
        expect(seen).toBe(new Set(sent.map(({ id }) => id)).size);
        expect(receiver.waiting).toEqual({ halves: 0, bytes: 0 });
      }),
      { numRuns: 50 },
    );
  });
});

describe('Seldon and MLServer', () => {
  const seldon = (type: string, id: string, extra: Record<string, string> = {}): Record<string, string> => ({
    'ce-specversion': '0.3',
    'ce-id': id,
    'ce-source': 'seldon',
    'ce-type': type,
    'ce-requestid': 'p9',
    'ce-modelid': 'clf',
    'ce-inferenceservicename': 'churn',
    'ce-namespace': 'seldon',
    'ce-endpoint': 'default',
    ...extra,
  });

  it('join by the request id, and feedback is the label', async () => {
    await post(seldon('io.seldon.serving.inference.request', 'a1'), '{"data":{"names":["x"],"ndarray":[[2]]}}');
    await post(
      seldon('io.seldon.serving.inference.response', 'b2'),
      '{"data":{"names":["no","yes"],"ndarray":[[0.2,0.8]]},"meta":{}}',
    );
    await post(
      seldon('io.seldon.serving.feedback', 'c3'),
      '{"response":{"meta":{"puid":"p9"}},"truth":{"data":{"ndarray":["no"]}}}',
    );
    expect(rows()).toMatchObject([{ predictionId: 'p9', prediction: 'yes', confidence: 0.8 }]);
    expect(features()).toEqual([{ x: 2 }]);
    expect(taken[1]?.batch.labels).toMatchObject([{ predictionId: 'p9', label: 'no' }]);
    expect(new Set(taken.map(({ id }) => id))).toEqual(new Set(['seldon-churn']));
  });

  it('reads tensors of several rows', async () => {
    await post(
      seldon('io.seldon.serving.inference.request', 'a'),
      '{"data":{"names":["a","b"],"tensor":{"shape":[2,2],"values":[1,2,3,4]}}}',
    );
    await post(
      seldon('io.seldon.serving.inference.response', 'b'),
      '{"data":{"names":["c"],"tensor":{"shape":[2,1],"values":[5,6]}}}',
    );
    expect(features()).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
    expect(answers()).toEqual([
      [5, null],
      [6, null],
    ]);
  });

  it('a server that only says “mlserver” is known by its model', async () => {
    const own = { 'ce-inferenceservicename': 'mlserver', 'ce-modelid': 'apple-demand', 'ce-namespace': '' };
    await post(
      seldon('io.seldon.serving.inference.request', 'a', own),
      '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}',
    );
    await post(
      seldon('io.seldon.serving.inference.response', 'a', own),
      '{"outputs":[{"name":"y","shape":[1],"datatype":"FP32","data":[2]}]}',
    );
    expect(taken[0]?.id).toBe('apple-demand');
  });
});

describe('Azure ML’s collector', () => {
  const line = (type: string, id: string, data: unknown, extra: object = {}): object => ({
    specversion: '1.0',
    id,
    source:
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/credit/deployments/blue',
    type: `azureml.inference.${type}`,
    datacontenttype: 'application/json',
    time: '2026-03-01T10:00:00Z',
    data,
    correlationid: 'corr-1',
    modelversion: '4',
    collectdatatype: 'pandas.core.frame.DataFrame',
    contentrange: 'bytes 0-200/200',
    ...extra,
  });
  const send = (...lines: object[]): Promise<EventsTaken> =>
    post({ 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }, JSON.stringify(lines));

  it('joins the rows of a line by place, and gives no latency of whole seconds', async () => {
    await send(
      line('model_inputs', 'i', [{ age: 1 }, { age: 2 }]),
      line('model_outputs', 'o', [{ prediction: 'a' }, { prediction: 'b' }]),
    );
    expect(taken[0]?.id).toBe('credit');
    expect(features()).toEqual([{ age: 1 }, { age: 2 }]);
    expect(rows()).toMatchObject([
      { prediction: 'a', modelVersion: '4', latencySeconds: null },
      { prediction: 'b', predictionId: 'corr-1#1' },
    ]);
  });

  it('does not fetch what lies in a blob, and says so', async () => {
    expect(await send(line('model_inputs', 'i', 'https://blob', { datainblob: 'true' }))).toMatchObject({ skipped: 1 });
  });
});

describe('whose events they are', () => {
  const request = (): Promise<EventsTaken> => post(kserve('request', 'a'), '{"instances":[[1]]}');

  it.each(['iris', 'default/iris'])('is what the configuration says: %s', async (service) => {
    start({ services: new Map([[service, modelId('flowers')]]) });
    expect(await request()).toMatchObject({ refused: 1, errors: [{ field: 'service' }] });
    watched.add('flowers');
    expect(await request()).toMatchObject({ waiting: 1 });
  });

  it('is refused where nobody says it', async () => {
    expect(await post(kserve('request', 'a', { 'ce-inferenceservicename': '' }), '{}')).toMatchObject({
      errors: [{ event: 1, field: 'service', message: 'no service is named' }],
    });
  });
});

describe('any event', () => {
  it('of another type holds rows as they are logged, counted once', async () => {
    const event = { specversion: '1.0', id: '1', type: 'com.example.scored', source: '/scores', modelid: 'fraud' };
    const body = JSON.stringify({ ...event, data: [{ prediction: 'x', features: { a: 1 } }, { nonsense: 1 }] });
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(await post(headers, body)).toMatchObject({ rows: 1, refused: 1, errors: [{ event: 1, field: 'nonsense' }] });
    expect(await post(headers, body)).toMatchObject({ rows: 0, repeated: 1 });
  });

  it('may carry its data in base64, as text, or percent-encoded in a header', async () => {
    const event = { specversion: '1.0', source: '/s', modelid: 'fraud', type: 't' };
    const headers = { 'content-type': 'application/cloudevents+json' };
    const row = '{"prediction":"x"}';
    await post(headers, JSON.stringify({ ...event, id: '1', data_base64: Buffer.from(row).toString('base64') }));
    await post(headers, JSON.stringify({ ...event, id: '2', data: row }));
    await post({ 'ce-id': '3', 'ce-type': 't', 'ce-source': '/s', 'ce-modelid': 'Betrug%20%C3%BC' }, row);
    expect(rows()).toHaveLength(3);
    expect(taken[2]?.id).toBe('betrug');
  });

  it.each<readonly [string, Record<string, string>, string]>([
    ['nothing of an event', { 'content-type': 'application/json' }, '{}'],
    ['no id', { 'ce-type': 't' }, '{}'],
    ['no type', { 'ce-id': '1' }, '{}'],
    ['no JSON', { 'content-type': 'application/cloudevents+json' }, '{'],
    ['a list that is said to be one', { 'content-type': 'application/cloudevents+json' }, '[]'],
    ['one that is said to be a list', { 'content-type': 'application/cloudevents-batch+json' }, '{}'],
    ['a number as an event', { 'content-type': 'application/cloudevents-batch+json' }, '[1]'],
  ])('with %s is refused with a reason', async (_, headers, body) => {
    expect(await post(headers, body)).toMatchObject({ refused: 1, rows: 0 });
  });

  it('never throws, and every event has an outcome', async () => {
    const type = fc.constantFrom(
      'org.kubeflow.serving.inference.request',
      'org.kubeflow.serving.inference.response',
      'io.seldon.serving.feedback',
      'azureml.inference.model_outputs',
      'other',
    );
    const event = fc.record({
      id: fc.constantFrom('1', '2', ''),
      type,
      source: fc.string(),
      inferenceservicename: fc.constantFrom('a', '', '__proto__', '../x'),
      data: fc.jsonValue({ maxDepth: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 10 }), async (events) => {
        start();
        await post({ 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(events));
        expect([...counts.values()].reduce((sum, one) => sum + one, 0)).toBe(events.length);
        await receiver.sweep(NOW + WAIT_MS);
      }),
      { numRuns: 300 },
    );
  });

  it('nested without end costs no stack', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const { refused } = await pair(`{"instances":${deep}}`, `{"predictions":${deep}}`);
    expect(refused).toBeGreaterThan(0);
  });
});
