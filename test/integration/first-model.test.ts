import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../exporter/src/config/load.js';
import type { Clock } from '../../exporter/src/domain/ports.js';
import { startService, type Service } from '../../exporter/src/service/start.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';

/** The service's clock runs so much faster, and a slow machine may take its time; in the long form it is the real one, and the time asked for is held to. */
const isLong = process.env.MLFI_LONG === '1';
const SPEED = isLong ? 1 : 5;
/** At the default interval of 30 s: normal and golden probes. */
const CALLS_A_CYCLE = 9;
const SEEN_WITHIN_MS = 30_000;

const begunMs = Date.now();
const clock: Clock = {
  now: () => begunMs + (Date.now() - begunMs) * SPEED,
  sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
};

interface Shown {
  readonly cause: string | null;
  readonly state: string;
  readonly headline: string | null;
  readonly total_samples: number;
  readonly findings: readonly { readonly detector: string }[];
}
interface Analysis {
  readonly rca: { readonly root_cause: string; readonly severity: string };
  readonly drift: { readonly confidence_distribution: Readonly<Record<string, unknown>> };
  readonly samples_collected: number;
}

/** What people try first: a coin flip with a confidence of 0.6 to 0.95, and of 0.1 to 0.3 after the switch. */
let isSwitched = false;
let calls = 0;
let server: Server;
let url: string;
let directory: string;
let service: Service;

beforeAll(async () => {
  const random = seededRandom('coin');
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      calls += 1;
      const confidence = isSwitched ? 0.1 + 0.2 * random.next() : 0.6 + 0.35 * random.next();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ prediction: random.next() < 0.5 ? 'positive' : 'negative', confidence }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  directory = mkdtempSync(join(tmpdir(), 'mlfi-first-'));
  const loaded = parseConfig(
    'test',
    stringify({
      data_dir: directory,
      listen: { address: '127.0.0.1', port: 0 },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      logging: { level: 'error' },
    }),
    {},
    directory,
  );
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
  service = await startService(loaded.config, { clock });
});
afterAll(async () => {
  await service.close();
  server.close();
  rmSync(directory, { recursive: true });
});

async function request(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${service.firstKey ?? ''}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}
const analyze = async (samples: number): Promise<Analysis> =>
  (await request('POST', '/monitoring/analyze', { prediction_url: url, samples })) as Analysis;
const shown = async (): Promise<Shown> => (await request('GET', '/api/v1/models/coin')) as Shown;

describe('POST /monitoring/analyze', () => {
  it.each([5, 7, 23, 60])(
    'sends exactly the %i probes that were asked for, besides finding out how to ask',
    async (samples) => {
      await request('POST', '/api/v1/discover', { url });
      const before = calls;
      await request('POST', '/api/v1/discover', { url });
      const discovering = calls - before;
      const analysis = await analyze(samples);
      expect(analysis.samples_collected).toBe(samples);
      expect(calls - before - discovering).toBe(discovering + samples);
    },
  );

  it('has the fields of the seed, also where there is nothing to compare with', async () => {
    const { drift } = await analyze(20);
    expect(drift.confidence_distribution).toMatchObject({
      method: 'KS-test',
      statistic: null,
      p_value: null,
      drift_detected: false,
    });
  });

  it('says the same of a coin flip every time: its answers do not repeat', async () => {
    for (let look = 0; look < 5; look += 1)
      expect((await analyze(60)).rca).toMatchObject({ root_cause: 'unstable-model', severity: 'high' });
  });
});

describe('watched at the default configuration', () => {
  it('is told steadily, and its low confidence is found soon after the switch, within the budget of calls', async () => {
    await request('POST', '/api/v1/models', { id: 'coin', url });
    const told: (string | null)[] = [];
    await expect
      .poll(
        async () => {
          const { cause, total_samples: samples } = await shown();
          if (told.at(-1) !== cause) told.push(cause);
          return { cause, isSeenEnough: samples >= 30 };
        },
        { timeout: 240_000, interval: 200 },
      )
      .toEqual({ cause: 'unstable-model', isSeenEnough: true });
    expect(told.filter((cause) => cause !== null && cause !== 'none')).toEqual(['unstable-model']);

    const [switchedAtMs, before] = [clock.now(), calls];
    isSwitched = true;
    await expect
      .poll(async () => (await shown()).findings.map(({ detector }) => detector), {
        timeout: 90_000,
        interval: 100,
      })
      .toContain('low-confidence');
    const seenAfterMs = clock.now() - switchedAtMs;
    if (isLong) expect(seenAfterMs).toBeLessThan(SEEN_WITHIN_MS);
    expect(calls - before).toBeLessThanOrEqual(45 + (CALLS_A_CYCLE * seenAfterMs) / 30_000);
    // It was unstable before and still is, so that stays the cause; that it became unsure besides is told with it.
    expect(await shown()).toMatchObject({ state: 'failing', cause: 'unstable-model' });
    await expect
      .poll(
        async () => {
          const { incidents } = (await request('GET', '/api/v1/incidents?model=coin&open=true')) as {
            incidents: readonly { diagnosis: { unexplained: string | null }; explanation: { paragraphs: string[] } }[];
          };
          return incidents.map(({ diagnosis, explanation }) => [diagnosis.unexplained, explanation.paragraphs.at(-1)]);
        },
        { timeout: 90_000, interval: 200 },
      )
      .toEqual([
        new Array(2).fill(expect.stringMatching(/^It does not explain that the model is unsure besides\. Mean/)),
      ]);
    expect((await shown()).cause).toBe('unstable-model');
  }, 420_000);
});
