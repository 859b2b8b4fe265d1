import { gzipSync } from 'node:zlib';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.close());

/** As the exporters of the SDKs send: Protocol Buffers, gzip, the key as a header. */
const post = async (
  body: Uint8Array,
  type = 'application/x-protobuf',
): Promise<{ status: number; type: string | null; body: Buffer }> => {
  const answer = await fetch(`${running.service.address}/v1/traces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': type, 'content-encoding': 'gzip' },
    body: gzipSync(body),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: Buffer.from(await answer.arrayBuffer()),
  };
};
const samples = async (): Promise<number> => {
  const { body } = await running.request('GET', '/api/v1/models/shop-gpt-4o');
  return z.object({ total_samples: z.number() }).parse(body).total_samples;
};

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop' }),
  spanProcessors: [new SimpleSpanProcessor({ exporter })],
});
const spans = async (count: number, more: Record<string, string> = {}): Promise<Uint8Array> => {
  exporter.reset();
  for (let i = 0; i < count; i += 1)
    provider
      .getTracer('t')
      .startSpan('chat', {
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.usage.input_tokens': i,
          ...more,
        },
      })
      .end();
  await provider.forceFlush();
  return ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()) ?? new Uint8Array();
};

it('makes a language model of the GenAI spans of a service, and counts a repeated export once', async () => {
  const body = await spans(50);
  expect(await post(body)).toEqual({ status: 200, type: 'application/x-protobuf', body: Buffer.alloc(0) });
  expect(await post(body)).toMatchObject({ status: 200 });
  expect(await samples()).toBe(50);
});

it('tells in a partial success what it refused, so that nothing is sent again', async () => {
  const { status, body } = await post(await spans(3, { 'mlfi.model': 'tagged', 'mlfi.confidence': '87' }));
  expect(status).toBe(200);
  expect([...body.subarray(0, 1), ...body.subarray(2, 4)]).toEqual([0x0a, 0x08, 3]);
  expect(body.toString('utf8')).toContain('percentage');
});

it('answers JSON in JSON, and refuses for good what is no OTLP', async () => {
  const empty = Buffer.from('{"resourceSpans":[]}');
  expect(await post(empty, 'application/json')).toMatchObject({ status: 200, body: Buffer.from('{}') });
  expect((await post(Buffer.from('hello'))).status).toBe(400);
  expect((await post(empty, 'text/plain')).status).toBe(415);
});

it('keeps what it answered 200 to', async () => {
  await running.restart();
  expect(await samples()).toBe(50);
});
