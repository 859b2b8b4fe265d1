import { z } from 'zod';
import { Invalid } from '../../domain/errors.js';
import { route, textResponse, type Route } from '../route.js';
import { senderOf } from '../sender.js';

const PROTOBUF = 'application/x-protobuf';

/** OTLP/HTTP at the paths every exporter knows. */
const otlp = (signal: 'traces' | 'logs', what: string, rejected: 'rejectedSpans' | 'rejectedLogRecords'): Route =>
  route({
    method: 'POST',
    path: `/v1/${signal}`,
    scope: 'ingest',
    summary: `OTLP/HTTP ${signal}: ${what}; all else is passed over`,
    body: {
      kind: 'bytes',
      content: {
        'application/json': z.looseObject({}),
        [PROTOBUF]: z.string().meta({ description: `Export${signal === 'traces' ? 'Trace' : 'Logs'}ServiceRequest` }),
      },
    },
    responses: {
      200: textResponse(
        ['application/json', PROTOBUF],
        'an empty response, or how many were refused and why (partial success)',
      ),
    },
    async handler({ ports, body, headers, actor, address }) {
      const type = headers['content-type'] ?? '';
      const result = await ports.intake.telemetry.receive(
        signal,
        body,
        type,
        ports.clock.now(),
        (name) => ports.application.models.ensureWatched(name, actor),
        senderOf(headers, actor, address),
      );
      if (result.kind === 'refused') throw new Invalid(result.message, result.field);
      const { rejected: count, message } = result;
      if (/^application\/(?:x-)?protobuf/i.test(type.trim()))
        return { status: 200, text: count === 0 ? Buffer.alloc(0) : partialSuccess(count, message), type: PROTOBUF };
      const body200 = count === 0 ? {} : { partialSuccess: { [rejected]: String(count), errorMessage: message } };
      return { status: 200, text: JSON.stringify(body200), type: 'application/json' };
    },
  });

const LONGEST_MESSAGE = 500;

/** `partial_success { rejected = 1, error_message = 2 }` in field 1 of the response. */
function partialSuccess(rejected: number, message: string): Buffer {
  const text = Buffer.from(message.slice(0, LONGEST_MESSAGE), 'utf8');
  const inner = Buffer.concat([Buffer.from([0x08, ...varint(rejected), 0x12, ...varint(text.length)]), text]);
  return Buffer.concat([Buffer.from([0x0a, ...varint(inner.length)]), inner]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

export const openTelemetryRoutes: readonly Route[] = [
  otlp(
    'traces',
    'spans of calls of language models (GenAI and OpenInference conventions), and spans tagged mlfi.*',
    'rejectedSpans',
  ),
  otlp('logs', 'evaluations of language models, BentoML’s monitoring, and records tagged mlfi.*', 'rejectedLogRecords'),
];
