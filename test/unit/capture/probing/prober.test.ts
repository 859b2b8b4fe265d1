import { modelOf } from '../../../fixtures/model.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Sample } from '../../../../exporter/src/domain/observation.js';
import { politeHttp } from '../../../../exporter/src/capture/probing/host-limits.js';
import { createProber } from '../../../../exporter/src/capture/probing/prober.js';
import type { ProbeSchedule } from '../../../../exporter/src/domain/model.js';
import type { Clock, Logger } from '../../../../exporter/src/domain/ports.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { modelServer, type Reply, type Routes } from './model-server.js';

const HOUR_MS = 3_600_000;
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Time moves only by `wake`, which ends the pause under way and says how long it would have been. */
function steppedClock() {
  let nowMs = 1_000_000;
  let waiting: { readonly ms: number; readonly wake: () => void } | null = null;
  let noticed: (() => void) | null = null;
  let sleeping = 0;
  const clock: Clock = {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleeping += 1;
        const wake = (): void => {
          if (waiting !== null) sleeping -= 1;
          waiting = null;
          resolve();
        };
        signal?.addEventListener('abort', wake, { once: true });
        waiting = { ms, wake };
        if (signal?.aborted === true) wake();
        noticed?.();
      }),
  };
  return {
    clock,
    advance: (ms: number) => (nowMs += ms),
    sleeping: () => sleeping,
    /** The pause under way, in ms; waits for the next one if a cycle is running. */
    async pause(): Promise<number> {
      if (waiting === null) await new Promise<void>((resolve) => (noticed = resolve));
      return waiting?.ms ?? -1;
    },
    wake(): void {
      nowMs += waiting?.ms ?? 0;
      waiting?.wake();
    },
  };
}

let server: Awaited<ReturnType<typeof modelServer>> | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const SCHEDULE: ProbeSchedule = {
  intervalMs: 1_000,
  jitterShare: 0,
  concurrency: 1,
  timeoutMs: 1_000,
  probesPerCycle: 2,
  callsPerHour: null,
};
const GOOD: Reply = { body: { prediction: 'a', confidence: 0.9, model_version: 'v1' } };

async function setUp(route: Routes[string], schedule: Partial<ProbeSchedule> = {}) {
  server = await modelServer({ 'POST /p': route });
  const time = steppedClock();
  const prober = createProber({
    http: politeHttp(server.context.http, time.clock),
    clock: time.clock,
    random: seededRandom(1),
    logger: silent,
    authorizationOf: server.context.authorizationOf,
  });
  const model = modelOf({
    endpoint: { url: `${server.origin}/p`, connector: 'rest', settings: {}, authorizationSecret: 'token' },
    goldenInputs: [
      { id: 'g1', payload: { text: 'first golden question of all' }, origin: 'user' },
      { id: 'g2', payload: { text: 'second golden question of all' }, origin: 'user' },
    ],
    probePayloads: [{ text: 'An ordinary sentence about the weather.' }],
    arePayloadsGuessed: false,
    schedule: { ...SCHEDULE, ...schedule },
    state: 'learning',
  });
  return { prober, model, time, asked: server.asked };
}

describe('a cycle', () => {
  it('asks every golden input as it is, and generated probes of the same form', async () => {
    const { prober, model, asked } = await setUp(GOOD);
    const results = await prober.cycle(model);
    expect(results.map(({ observation: { source, goldenId } }) => [source, goldenId])).toEqual([
      ['golden', 'g1'],
      ['golden', 'g2'],
      ['probe', null],
      ['probe', null],
    ]);
    expect(asked.slice(0, 2).map(({ body }) => body)).toEqual(model.goldenInputs.map(({ payload }) => payload));
    expect(asked[2]?.body).toEqual({ text: expect.any(String) as string });
    expect(asked.every(({ headers }) => headers.authorization === 'Bearer s3cret')).toBe(true);
    expect(results[0]).toMatchObject({
      observation: { atMs: 1_000_000, prediction: 'a', confidence: 0.9, modelVersion: 'v1', failure: null },
      shape: 'confidence:number,model_version:string,prediction:string',
    });
    expect(JSON.stringify(results)).not.toMatch(/golden question|s3cret/);
  });

  it('gives failures as observations without prediction', async () => {
    const { prober, model } = await setUp({ status: 500, body: '' });
    for (const { observation, shape } of await prober.cycle(model)) {
      expect(observation).toMatchObject({ prediction: null, confidence: null, failure: { reason: 'http_5xx' } });
      expect(shape).toBeNull();
    }
  });

  it('stops asking a server that does not answer, and one that asks to wait', async () => {
    const down = await setUp({ status: 500, body: '' }, { probesPerCycle: 50 });
    expect(await down.prober.cycle(down.model)).toHaveLength(5);
    await server?.close();
    const busy = await setUp({ status: 429, headers: { 'retry-after': '9' }, body: {} }, { probesPerCycle: 50 });
    expect(await busy.prober.cycle(busy.model)).toHaveLength(1);
  });

  it('spreads a cycle over a long interval after the first, and finishes it at once when a call fails', async () => {
    let isFailing = false;
    const { prober, model, time } = await setUp(() => (isFailing ? { status: 500, body: 'no' } : GOOD), {
      intervalMs: 20_000,
      probesPerCycle: 2,
    });
    const asked = (): number => server?.asked.length ?? 0;
    prober.watch(model, () => undefined);
    // Two golden inputs and two probes: at once for a model that is new.
    expect([await time.pause(), asked()]).toEqual([20_000, 4]);
    time.wake();
    for (const calls of [5, 6, 7]) {
      expect([await time.pause(), asked()]).toEqual([5_000, calls]);
      time.wake();
    }
    // The last part of the interval is waited as well: a cycle takes as long as it says.
    expect([await time.pause(), asked()]).toEqual([5_000, 8]);
    isFailing = true;
    time.wake();
    expect([await time.pause(), asked()]).toEqual([40_000, 12]);
    prober.unwatch(model.id);
  });

  it('asks a host no further that says nothing remains, and waits until its limit starts anew', async () => {
    const { prober, model, time } = await setUp(
      { ...GOOD, headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20s' } },
      { probesPerCycle: 8 },
    );
    const cycles: (readonly Sample[])[] = [];
    prober.watch(model, (samples) => cycles.push(samples));
    expect(await time.pause()).toBe(20_000);
    expect(server?.asked).toHaveLength(1);
    // Another model of the same host sends nothing, and says why.
    const [refused, ...others] = await prober.cycle({ ...model, id: modelOf({ name: 'other' }).id });
    expect(others).toEqual([]);
    expect(refused?.observation.failure).toMatchObject({ reason: 'rate_limited', httpStatus: null });
    expect(server?.asked).toHaveLength(1);
    time.wake();
    expect(await time.pause()).toBe(20_000);
    expect(server?.asked).toHaveLength(2);
    expect(cycles.map((samples) => samples.map(({ observation }) => observation.failure))).toEqual([[null], [null]]);
    prober.unwatch(model.id);
  });

  it('ends a cycle at the first refusal because of a limit', async () => {
    const { prober, model } = await setUp({ status: 429, body: { error: 'slow down' } }, { probesPerCycle: 8 });
    expect(await prober.cycle(model)).toHaveLength(1);
    expect(server?.asked).toHaveLength(1);
  });

  it('never has more calls open than allowed', async () => {
    let open = 0;
    let most = 0;
    const { prober, model } = await setUp(GOOD, { concurrency: 3, probesPerCycle: 20 });
    const http = server?.context.http;
    if (http === undefined) throw new Error('no server');
    const counting = createProber({
      http: {
        restMs: () => 0,
        call: async (request) => {
          most = Math.max(most, (open += 1));
          const answer = await http.call(request);
          open -= 1;
          return answer;
        },
      },
      clock: steppedClock().clock,
      random: seededRandom(1),
      logger: silent,
      authorizationOf: () => null,
    });
    expect(await counting.cycle(model)).toHaveLength(22);
    expect(most).toBe(3);
    prober.unwatch(model.id);
  });

  it('keeps to the hourly budget, also when cycles overlap, and starts anew an hour later', async () => {
    const { prober, model, time, asked } = await setUp(GOOD, { callsPerHour: 6, concurrency: 2 });
    await Promise.all([prober.cycle(model), prober.cycle(model), prober.cycle(model)]);
    expect(asked).toHaveLength(6);
    time.advance(HOUR_MS - 1);
    expect(await prober.cycle(model)).toEqual([]);
    time.advance(2);
    expect(await prober.cycle(model)).toHaveLength(4);
  });
});

describe('watching', () => {
  it('asks, hands over, pauses for the interval, and asks again', async () => {
    const { prober, model, time } = await setUp(GOOD);
    const batches: (readonly Sample[])[] = [];
    prober.watch(model, (batch) => batches.push(batch));
    expect(await time.pause()).toBe(1_000);
    expect(batches.map((batch) => batch.length)).toEqual([4]);
    time.wake();
    expect(await time.pause()).toBe(1_000);
    expect(batches).toHaveLength(2);
    prober.unwatch(model.id);
  });

  it('moves the start by at most the jitter', async () => {
    const { prober, model, time } = await setUp(GOOD, { jitterShare: 0.2 });
    prober.watch(model, () => undefined);
    const pauses: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      pauses.push(await time.pause());
      time.wake();
    }
    prober.unwatch(model.id);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1_200);
    expect(new Set(pauses).size).toBeGreaterThan(10);
  });

  it('backs off while a model is down, to four intervals at most, and returns at once when it is back', async () => {
    let up = false;
    const { prober, model, time } = await setUp(() => (up ? GOOD : { status: 503, body: {} }));
    prober.watch(model, () => undefined);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      pauses.push(await time.pause());
      time.wake();
    }
    expect(pauses).toEqual([2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000]);
    await time.pause();
    up = true;
    time.wake();
    expect(await time.pause()).toBe(1_000);
    prober.unwatch(model.id);
  });

  it('waits at least as long as the server asks', async () => {
    const { prober, model, time } = await setUp({ status: 429, headers: { 'retry-after': '300' }, body: {} });
    prober.watch(model, () => undefined);
    expect(await time.pause()).toBe(300_000);
    prober.unwatch(model.id);
  });

  it('ends the pause and asks nothing more once unwatched', async () => {
    const { prober, model, time, asked } = await setUp(GOOD);
    let batches = 0;
    prober.watch(model, () => (batches += 1));
    await time.pause();
    prober.unwatch(model.id);
    expect(time.sleeping()).toBe(0);
    const before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([asked.length, batches]).toEqual([before, 1]);
  });

  it('hands over nothing when unwatched in the middle of a cycle', async () => {
    const { prober, model } = await setUp(GOOD);
    let batches = 0;
    prober.watch(model, () => (batches += 1));
    prober.unwatch(model.id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(batches).toBe(0);
  });

  it('goes on when the listener throws', async () => {
    const { prober, model, time } = await setUp(GOOD);
    let batches = 0;
    prober.watch(model, () => {
      batches += 1;
      throw new Error('listener');
    });
    await time.pause();
    time.wake();
    await time.pause();
    expect(batches).toBe(2);
    prober.unwatch(model.id);
  });
});
