import { JsonTraceSerializer, ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ParsedBatch } from '../../../../../exporter/src/capture/ingest/parse.js';
import {
  TelemetryReceiver,
  type TelemetryTaken,
} from '../../../../../exporter/src/capture/sources/opentelemetry/receiver.js';
import { slugOf, type ModelId } from '../../../../../exporter/src/domain/identifiers.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../../exporter/src/domain/ingest.js';
import type { Observation } from '../../../../../exporter/src/domain/observation.js';

const NOW = Math.floor(Date.now() / 1_000) * 1_000;
const PROTOBUF = 'application/x-protobuf';
let taken: { id: ModelId; batch: ParsedBatch }[];
let storeIsAway: boolean;
let receiver: TelemetryReceiver;
beforeEach(() => {
  taken = [];
  storeIsAway = false;
  receiver = new TelemetryReceiver({
    settings: () => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map(), services: new Map() }),
    models: {
      has: () => true,
      ingest: (id, batch) => {
        if (storeIsAway) return Promise.reject(new Error('the store is away'));
        taken.push({ id, batch });
        return Promise.resolve({
          ...batch,
          accepted: batch.observations.length,
          labelsInRows: 0,
          labelsMatched: 0,
          labelsUnmatched: 0,
          labelsWaiting: 0,
          duplicate: false,
        });
      },
    },
    count: () => undefined,
  });
});
const rows = (): readonly Observation[] => taken.flatMap(({ batch }) => batch.observations);
const send = (of: 'traces' | 'logs', body: Uint8Array | string | undefined, type = PROTOBUF): Promise<TelemetryTaken> =>
  receiver.receive(of, Buffer.from(body ?? ''), type, NOW, (name) => Promise.resolve(slugOf(name)));
const json = (of: 'traces' | 'logs', value: object): Promise<TelemetryTaken> =>
  send(of, JSON.stringify(value), 'application/json');

type SpanAttributes = Record<string, string | number | boolean | string[]>;
interface SpanOptions {
  readonly events?: readonly (readonly [string, SpanAttributes])[];
  readonly isError?: boolean;
}

/** What the official SDK makes of spans, and what its exporters would send. */
async function exported(
  spans: readonly (readonly [SpanAttributes, SpanOptions?])[],
  service = 'shop',
): Promise<{ readonly protobuf: Uint8Array | undefined; readonly json: Uint8Array | undefined }> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  for (const [attributes, { events = [], isError = false } = {}] of spans) {
    const span = provider.getTracer('t').startSpan('chat', { attributes, startTime: NOW - 1_500 });
    for (const [name, more] of events) span.addEvent(name, more);
    if (isError) span.setStatus({ code: 2, message: 'no' });
    span.end(NOW - 250);
  }
  await provider.forceFlush();
  const finished = exporter.getFinishedSpans();
  return {
    protobuf: ProtobufTraceSerializer.serializeRequest(finished),
    json: JsonTraceSerializer.serializeRequest(finished),
  };
}

const CHAT: SpanAttributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.response.model': 'gpt-4o-2026-01-01',
  'gen_ai.response.id': 'r1',
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.request.temperature': 0.2,
  'gen_ai.usage.input_tokens': 12,
  'gen_ai.usage.output_tokens': 34,
  'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"my card CANARY-4711 was stolen"}]}]',
  'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"Call CANARY-1 now."}]}]',
};

describe('an export of very many very small parts is refused as a whole, by the name of the limit, before anything is made of them', () => {
  const EMPTY_SPAN = Buffer.from([0x12, 0]);
  const field = (number: number, bytes: Buffer): Buffer => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest > 127 ? (rest % 128) + 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
  };
  const spans = (bytes: Buffer): Buffer => field(1, field(2, bytes));
  const group = (list: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${list}]}]}]}`;
  const many = (one: string, times: number): string => `${`${one},`.repeat(times - 1)}${one}`;

  it.each([
    ['spans', spans(Buffer.alloc(2 * 300_000, EMPTY_SPAN)), PROTOBUF],
    ['more spans', spans(Buffer.alloc(2 * 4_000_000, EMPTY_SPAN)), PROTOBUF],
    ['attributes', spans(field(2, Buffer.alloc(2 * 2_000_000, Buffer.from([0x4a, 0])))), PROTOBUF],
    ['groups', Buffer.alloc(2 * 2_000_000, Buffer.from([0x0a, 0])), PROTOBUF],
    ['spans in JSON', Buffer.from(group(many('{}', 300_000))), 'application/json'],
    ['attributes in JSON', Buffer.from(group(`{"attributes":[${many('{}', 1_000_000)}]}`)), 'application/json'],
    ['groups in JSON', Buffer.from(`{"resourceSpans":[${many('{}', 1_000_000)}]}`), 'application/json'],
  ])('%s', async (_what, body, type) => {
    const before = process.cpuUsage();
    const answer = await send('traces', body, type);
    expect(answer).toMatchObject({
      kind: 'refused',
      field: 'body',
      message: expect.stringContaining('rows_per_batch') as string,
    });
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(5);
    expect(taken).toEqual([]);
  });

  it('and one as large as exporters send is not', async () => {
    const attributes = Array.from({ length: 120 }, (_, k) => ({ key: `k${k}`, value: { intValue: String(k) } }));
    const of = Array.from({ length: 512 }, (_, i) => ({ spanId: `0${i}`, traceId: `${i}`, name: 'x', attributes }));
    expect(await json('traces', { resourceSpans: [{ scopeSpans: [{ spans: of }] }] })).toMatchObject({ kind: 'taken' });
  });
});

describe('a GenAI span of the official SDK', () => {
  it.each(['protobuf', 'json'] as const)(
    'in %s is a row of the language model, and its words are nowhere',
    async (form) => {
      const bodies = await exported([[CHAT]]);
      expect(await send('traces', bodies[form], form === 'json' ? 'application/json' : PROTOBUF)).toEqual({
        kind: 'taken',
        rejected: 0,
        message: '',
      });
      expect(taken[0]?.id).toBe('shop-gpt-4o');
      expect(rows()).toMatchObject([
        {
          predictionId: 'r1',
          prediction: 'stop',
          modelVersion: 'gpt-4o-2026-01-01',
          latencySeconds: 1.25,
          atMs: NOW - 1_500,
          context: { provider: 'openai' },
          failure: null,
        },
      ]);
      expect({ ...rows()[0]?.features }).toMatchObject({
        input_tokens: 12,
        output_tokens: 34,
        temperature: 0.2,
        'input.length': 30,
        'output.length': 18,
      });
      expect(JSON.stringify(taken)).not.toContain('CANARY');
    },
  );

  it('that failed is a failed call, with its kind where it is known', async () => {
    const failed = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' };
    const { protobuf } = await exported([
      [{ ...failed, 'error.type': 'timeout' }, { isError: true }],
      [failed, { isError: true }],
    ]);
    await send('traces', protobuf);
    expect(rows().map(({ failure, prediction }) => [failure?.reason, prediction])).toEqual([
      ['timeout', null],
      ['other', null],
    ]);
  });

  it('under older names, OpenLLMetry’s and OpenInference’s, says the same', async () => {
    const { protobuf } = await exported([
      [
        {
          'gen_ai.system': 'openai',
          'gen_ai.request.model': 'm',
          'gen_ai.usage.prompt_tokens': 5,
          'gen_ai.usage.completion_tokens': 6,
          'gen_ai.prompt.0.content': 'CANARY',
          'gen_ai.completion.0.content': 'CANARY!',
        },
      ],
      [
        {
          'openinference.span.kind': 'LLM',
          'llm.model_name': 'm',
          'llm.token_count.prompt': 5,
          'llm.token_count.completion': 6,
          'llm.input_messages.0.message.content': 'CANARY',
          'llm.output_messages.0.message.content': 'CANARY!',
        },
      ],
    ]);
    await send('traces', protobuf);
    expect(rows()).toHaveLength(2);
    for (const row of rows())
      expect({ ...row.features }).toMatchObject({
        input_tokens: 5,
        output_tokens: 6,
        'input.length': 6,
        'output.length': 7,
      });
    expect(JSON.stringify(taken)).not.toContain('CANARY');
  });

  it('of tools, agents and anything else is passed over', async () => {
    const { protobuf } = await exported([
      [{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.request.model': 'm' }],
      [{ 'openinference.span.kind': 'CHAIN', 'llm.model_name': 'm' }],
      [{ 'http.request.method': 'GET' }],
    ]);
    expect(await send('traces', protobuf)).toMatchObject({ kind: 'taken', rejected: 0 });
    expect(taken).toEqual([]);
  });

  it('judged by an event is watched as what the judge says, beside the model', async () => {
    const judged = {
      'gen_ai.evaluation.name': 'relevance',
      'gen_ai.evaluation.score.value': 0.4,
      'gen_ai.evaluation.score.label': 'fail',
    };
    const { protobuf } = await exported([[CHAT, { events: [['gen_ai.evaluation.result', judged]] }]]);
    await send('traces', protobuf);
    expect(taken.map(({ id }) => id)).toEqual(['shop-gpt-4o', 'shop-gpt-4o-relevance']);
    expect(rows()[1]).toMatchObject({ prediction: 'fail', label: null });
  });

  it('sent again counts once, also when the store was away the first time', async () => {
    const { protobuf } = await exported([[CHAT], [{ ...CHAT, 'gen_ai.response.id': 'r2' }]]);
    storeIsAway = true;
    await expect(send('traces', protobuf)).rejects.toThrow('away');
    storeIsAway = false;
    await send('traces', protobuf);
    await send('traces', protobuf);
    expect(rows()).toHaveLength(2);
  });
});

describe('log records', () => {
  const bento = (body: object): Promise<Uint8Array | undefined> => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'iris_classifier:iris_monitor' }),
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    provider.getLogger('bentoml_monitor_data').emit({ body: body as Record<string, string> });
    return provider.forceFlush().then(() => ProtobufLogsSerializer.serializeRequest(exporter.getFinishedLogRecords()));
  };
  const record = (id: string): object => ({
    'sepal length': 4.9,
    pred: 'setosa',
    timestamp: NOW / 1_000 - 5,
    request_id: id,
  });
  const schema = {
    'sepal length': { name: 'sepal length', role: 'feature', type: 'numerical' },
    pred: { name: 'pred', role: 'prediction', type: 'categorical' },
  };

  it('of BentoML’s monitoring are rows by the roles they declare once', async () => {
    const meta = { bento_name: 'iris_classifier', bento_version: 'v1', monitor_name: 'iris_monitor', schema };
    await send('logs', await bento({ ...record('6413930528999883196'), bento_meta: meta }));
    await send('logs', await bento(record('2')));
    expect(taken.map(({ id }) => id)).toEqual(['iris-monitor', 'iris-monitor']);
    expect(rows()).toMatchObject([
      { predictionId: '6413930528999883196', prediction: 'setosa', modelVersion: 'v1' },
      { predictionId: '2', prediction: 'setosa' },
    ]);
    expect({ ...rows()[1]?.features }).toEqual({ 'sepal length': 4.9 });
  });

  it('tagged for mlfi are rows of the model they name', async () => {
    const attribute = (key: string, value: object): object => ({ key, value });
    await json('logs', {
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: `${NOW - 1_000}000000`,
                  attributes: [
                    attribute('mlfi.model', { stringValue: 'fraud' }),
                    attribute('mlfi.prediction', { stringValue: 'yes' }),
                    attribute('mlfi.confidence', { doubleValue: 0.9 }),
                    attribute('mlfi.feature.age', { intValue: '38' }),
                    attribute('mlfi.prediction_id', { stringValue: 'a1' }),
                  ],
                },
                {
                  attributes: [
                    attribute('mlfi.model', { stringValue: 'fraud' }),
                    attribute('mlfi.confidence', { doubleValue: 87 }),
                  ],
                },
                { body: { stringValue: 'an ordinary line' } },
              ],
            },
          ],
        },
      ],
    }).then((result) =>
      expect(result).toMatchObject({ rejected: 1, message: expect.stringContaining('percentage') as string }),
    );
    expect(rows()).toMatchObject([{ predictionId: 'a1', prediction: 'yes', confidence: 0.9, atMs: NOW - 1_000 }]);
    expect({ ...rows()[0]?.features }).toEqual({ age: 38 });
  });
});

describe('what is no OTLP', () => {
  it.each<readonly [string, string, string]>([
    ['no JSON', '{', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['text as Protocol Buffers', 'hello', PROTOBUF],
  ])('%s is refused', async (_, body, type) => {
    expect(await send('traces', body, type)).toMatchObject({ kind: 'refused' });
  });

  it('never throws or hangs, whatever the bytes, and whatever is cut off or changed of a real message', async () => {
    const real = Buffer.from((await exported([[CHAT]])).protobuf ?? []);
    const broken = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(real.length).map((at) => real.subarray(0, at)),
      fc.tuple(fc.nat(real.length - 1), fc.nat(255)).map(([at, byte]) => {
        const copy = Buffer.from(real);
        copy[at] = byte;
        return copy;
      }),
    );
    await fc.assert(
      fc.asyncProperty(broken, async (bytes) => {
        expect(['taken', 'refused']).toContain((await send('traces', bytes)).kind);
      }),
      { numRuns: 2_000 },
    );
  });

  it('nested without end is refused, and costs no stack', async () => {
    // AnyValue{arrayValue{values: AnyValue{…}}}, from within.
    let value: Buffer = Buffer.from([0x10, 0x01]);
    const wrap = (tag: number, inner: Buffer): Buffer => {
      const length: number[] = [];
      let rest = inner.length;
      for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
      return Buffer.concat([Buffer.from([tag, ...length, rest]), inner]);
    };
    for (let i = 0; i < 3_000; i += 1) value = wrap(0x2a, wrap(0x0a, value));
    const keyValue = Buffer.concat([Buffer.from([0x0a, 0x01, 0x6b]), wrap(0x12, value)]);
    const body = wrap(0x0a, wrap(0x0a, wrap(0x0a, keyValue)));
    expect(await send('traces', body)).toMatchObject({ kind: 'refused' });
    const deep = `${'{"arrayValue":{"values":['.repeat(5_000)}{"intValue":1}${']}}'.repeat(5_000)}`;
    const attributes = `[{"key":"gen_ai.request.model","value":${deep}}]`;
    expect(
      await send(
        'traces',
        `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":${attributes}}]}]}]}`,
        'application/json',
      ),
    ).toMatchObject({ kind: 'taken' });
  });

  it.each([
    [1, 'resourceSpans'],
    [{}, 'resourceSpans'],
    [[null, 1], 'resourceSpans[0]'],
    [[{ scopeSpans: 'x' }], 'resourceSpans[0].scopeSpans'],
    [[{ resource: 'x' }], 'resourceSpans[0].resource'],
    [[{ scopeSpans: [{ spans: [null] }] }], 'resourceSpans[0].scopeSpans[0].spans[0]'],
    [[{ scopeSpans: [{ spans: [{ events: 7 }] }] }], 'resourceSpans[0].scopeSpans[0].spans[0].events'],
  ] as const)('JSON of another shape is refused by the field: %j', async (resourceSpans, field) => {
    expect(await json('traces', { resourceSpans })).toMatchObject({ kind: 'refused', field });
  });

  it.each([
    ['null', null],
    ['an empty group', [{}]],
    ['an attribute without a name', [{ scopeSpans: [{ spans: [{ attributes: [{ key: 1 }] }] }] }]],
  ])('JSON that holds nothing is taken: %s', async (_, resourceSpans) => {
    expect(await json('traces', { resourceSpans })).toEqual({ kind: 'taken', rejected: 0, message: '' });
  });
});
