import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type * as BatchReading from '../../exporter/src/capture/ingest/batch-reader.js';
import type * as Telemetry from '../../exporter/src/capture/sources/opentelemetry/receiver.js';
import type * as Lanes from '../../exporter/src/incidents/model-lane.js';
import type * as Committing from '../../exporter/src/monitoring/commits.js';
import type * as Monitored from '../../exporter/src/monitoring/monitored-model.js';
import type * as Incidents from '../../exporter/src/store/incidents.js';
import { serve, type LocalServer } from './prometheus/servers.js';
import { eventually, runService, type RunningService } from './running-service.js';

/** The functions a row or alert passes may be no more, from the route's handler to the counts, both counted. */
const MOST_HOPS = 12;

/** One call: who called, the awaiting callers included, and the text of what was given. */
interface Call {
  readonly of: string;
  readonly stack: string;
  readonly given: string;
}
const calls = vi.hoisted(() => [] as Call[]);
const note = vi.hoisted(() => (of: string, given: unknown): void => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  calls.push({ of, stack: new Error().stack ?? '', given: JSON.stringify(given) });
  Error.stackTraceLimit = before;
});
vi.mock('../../exporter/src/store/incidents.js', async (original) => {
  const real = await original<typeof Incidents>();
  return {
    incidentRepository: (...given: Parameters<typeof real.incidentRepository>) => {
      const repository = real.incidentRepository(...given);
      return {
        ...repository,
        appendTimeline: (...lines: Parameters<typeof repository.appendTimeline>) => {
          note('appendTimeline', lines);
          return repository.appendTimeline(...lines);
        },
      };
    },
  };
});
vi.mock('../../exporter/src/capture/ingest/batch-reader.js', async (original) => {
  const real = await original<typeof BatchReading>();
  return {
    BatchReader: class BatchReader extends real.BatchReader {
      override read(...given: Parameters<BatchReading.BatchReader['read']>) {
        note('BatchReader.read', given[0]);
        return super.read(...given);
      }
    },
  };
});
vi.mock('../../exporter/src/capture/sources/opentelemetry/receiver.js', async (original) => {
  const real = await original<typeof Telemetry>();
  return {
    TelemetryReceiver: class TelemetryReceiver extends real.TelemetryReceiver {
      override receive(...given: Parameters<Telemetry.TelemetryReceiver['receive']>) {
        note('TelemetryReceiver.receive', given[1].toString('utf8'));
        return super.receive(...given);
      }
    },
  };
});
vi.mock('../../exporter/src/incidents/model-lane.js', async (original) => {
  const real = await original<typeof Lanes>();
  return {
    ...real,
    ModelLanes: class ModelLanes extends real.ModelLanes {
      override run<T>(...given: Parameters<typeof real.ModelLanes.prototype.run<T>>) {
        note('ModelLanes.run', given[0]);
        return super.run(...given);
      }
    },
  };
});
vi.mock('../../exporter/src/monitoring/commits.js', async (original) => {
  const real = await original<typeof Committing>();
  return {
    Commits: class Commits extends real.Commits {
      override add(...given: Parameters<Committing.Commits['add']>) {
        note('Commits.add', given[1]);
        return super.add(...given);
      }
    },
  };
});
vi.mock('../../exporter/src/monitoring/monitored-model.js', async (original) => {
  const real = await original<typeof Monitored>();
  return {
    MonitoredModel: class MonitoredModel extends real.MonitoredModel {
      override settle(...given: Parameters<Monitored.MonitoredModel['settle']>) {
        note('MonitoredModel.settle', given[0].staged.rows);
        return super.settle(...given);
      }
      override observe(...given: Parameters<Monitored.MonitoredModel['observe']>) {
        note('MonitoredModel.observe', given[0]);
        return super.observe(...given);
      }
    },
  };
});

/** Frames of the service, outermost first. */
function framesOf(stack: string): readonly { readonly name: string; readonly file: string }[] {
  return stack
    .split('\n')
    .flatMap((line) => {
      const file = /exporter\/src\/([^:()]+):/.exec(line)?.[1];
      const name = /^ +at (?:async )?(?:Object\.)?([\w.]+)(?: \[as \w+\])? \(/.exec(line)?.[1];
      return file === undefined ? [] : [{ name: name ?? 'λ', file }];
    })
    .reverse();
}

/** The hops to a call, itself the last: from the route's handler on where the stack reaches it. Nothing of `service/` lies on the way. */
function hopsTo({ of, stack }: Call): readonly string[] {
  const frames = framesOf(stack);
  const climbing = frames.filter(({ file }) => file.startsWith('service/'));
  expect(climbing, `on the way to ${of}`).toEqual([]);
  const handler = frames.findIndex(({ file }) => file.startsWith('http/routes/'));
  return [...frames.slice(Math.max(0, handler)).map(({ name }) => name), of];
}

/** What a `|` is in the page: a queue, behind which another stack begins. */
function path(...pieces: readonly (Call | undefined)[]): readonly (readonly string[])[] {
  const hops = pieces.map((call, i) => {
    if (call === undefined) throw new Error(`piece ${i + 1} of the path was never called`);
    return hopsTo(call);
  });
  expect(framesOf(pieces[0]?.stack ?? '').some(({ file }) => file.startsWith('http/routes/'))).toBe(true);
  expect(hops.flat().length).toBeLessThanOrEqual(MOST_HOPS);
  return hops;
}
const call = (of: string, text: string, through = ''): Call | undefined =>
  calls.find((one) => one.of === of && one.given.includes(text) && one.stack.includes(through));

/** The paths as docs/architecture.md tells them. */
const told = new Map(
  (
    /hops:begin -->\s*```\n([^]*?)```/.exec(
      readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8'),
    )?.[1] ?? ''
  )
    .split(/\n(?=\S)/)
    .map((entry) => {
      const [name = '', ...rest] = entry.trim().split('\n');
      const pieces = rest.join(' ').split('|');
      return [name, pieces.map((piece) => piece.split('→').map((hop) => hop.trim()))] as const;
    }),
);

let model: LocalServer;
let running: RunningService;
let isFailing = false;
beforeAll(async () => {
  model = await serve(() =>
    isFailing ? { status: 503, body: '{}' } : { status: 200, body: '{"label":"positive","confidence":0.9}' },
  );
  running = await runService();
  expect((await running.request('POST', '/api/v1/models', { id: 'rows' })).status).toBe(201);
});
afterAll(async () => {
  await running.close();
  await model.stop();
});
beforeEach(() => void calls.splice(0));

/** Half of a call as KServe logs it. */
async function cloudEvent(side: 'request' | 'response', data: object, ack: 'commit' | 'memory'): Promise<void> {
  const answer = await fetch(`${running.service.address}/api/v1/cloudevents?ack=${ack}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${running.key}`,
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': `call-${ack}`,
      'ce-source': 'http://localhost:9081/',
      'ce-type': `org.kubeflow.serving.inference.${side}`,
      'ce-inferenceservicename': 'iris',
      'ce-namespace': 'default',
    },
    body: JSON.stringify(data),
  });
  expect(answer.status).toBe(200);
}

describe('the way to the counts', () => {
  it('of a row of an HTTP batch', async () => {
    const rows = [{ prediction: 'http-row', features: { x: 1 } }];
    expect((await running.request('POST', '/api/v1/models/rows/observations', rows)).status).toBe(200);
    const [read = []] = path(call('BatchReader.read', 'http-row'));
    const hops = path(call('Commits.add', 'http-row'), call('MonitoredModel.settle', 'http-row'));
    expect([read, ...hops]).toEqual([told.get('reading an HTTP batch')?.[0], ...(told.get('HTTP row') ?? [])]);
    // The reader hands its rows back: counted as well, they are still no more.
    expect(new Set([...read, 'parseBatch', ...hops.flat()]).size).toBeLessThanOrEqual(MOST_HOPS);
  });

  it('of a row of an HTTP batch that is acknowledged from memory', async () => {
    const rows = [{ prediction: 'memory-row', features: { x: 1 } }];
    expect((await running.request('POST', '/api/v1/models/rows/observations?ack=memory', rows)).status).toBe(200);
    const hops = path(call('ModelLanes.run', 'rows', 'countNow'), call('MonitoredModel.observe', 'memory-row'));
    expect(hops).toEqual(told.get('HTTP row, from memory'));
  });

  it('of a call in two CloudEvents', async () => {
    await cloudEvent('request', { instances: [[1, 2]] }, 'commit');
    await cloudEvent('response', { predictions: ['event-row'] }, 'commit');
    const hops = path(call('Commits.add', 'event-row'), call('MonitoredModel.settle', 'event-row'));
    expect(hops).toEqual(told.get('CloudEvent'));
  });

  it('of a call in two CloudEvents that are acknowledged from memory, as by default', async () => {
    await cloudEvent('request', { instances: [[1, 2]] }, 'memory');
    await cloudEvent('response', { predictions: ['memory-event'] }, 'memory');
    const hops = path(call('ModelLanes.run', 'iris', 'countNow'), call('MonitoredModel.observe', 'memory-event'));
    expect(hops).toEqual(told.get('CloudEvent, from memory'));
  });

  it('of a log record of OpenTelemetry', async () => {
    const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
    const record = (prediction: string): object => ({
      attributes: [attribute('mlfi.model', 'rows'), attribute('mlfi.prediction', prediction)],
    });
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [record('log-row')] }] }] };
    expect((await running.request('POST', '/v1/logs', logs)).status).toBe(200);
    const hops = path(
      call('TelemetryReceiver.receive', 'log-row'),
      call('Commits.add', 'log-row'),
      call('MonitoredModel.settle', 'log-row'),
    );
    expect(hops).toEqual(told.get('OTLP log'));
  });
});

it('an alert takes no longer way to the timeline of its incident', async () => {
  const url = `http://127.0.0.1:${model.port}/predict`;
  const registered = { id: 'alerted', url, payloads: [{ text: 'one' }, { text: 'two' }], interval_seconds: 86_400 };
  expect((await running.request('POST', '/api/v1/models', registered)).status).toBe(201);
  isFailing = true;
  const alert = async (fingerprint: string): Promise<void> => {
    const alerts = [
      {
        status: 'firing',
        labels: { alertname: `Name-${fingerprint}`, model: 'alerted' },
        startsAt: '2026-11-24T12:00:00Z',
        fingerprint,
      },
    ];
    expect((await running.request('POST', '/api/v1/alerts/alertmanager', { version: '4', alerts })).status).toBe(202);
  };
  await alert('first');
  const listed = z.object({ incidents: z.array(z.object({ id: z.string() })) });
  await eventually('an incident', 60_000, async () => {
    const { body } = await running.request('GET', '/api/v1/incidents?model=alerted&open=true');
    return listed.parse(body).incidents.at(0) ?? null;
  });
  calls.splice(0);
  await alert('second');
  const hops = path(call('ModelLanes.run', 'alerted', 'recordAlert'), call('appendTimeline', 'Name-second'));
  expect(hops).toEqual(told.get('alert'));
});
