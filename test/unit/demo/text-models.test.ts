import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoModels, type DemoModels } from '../../../exporter/demo/server.js';
import type { Clock } from '../../../exporter/src/domain/ports.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { smallTabular } from './small-tabular.js';

interface Answer {
  readonly status: number;
  readonly prediction: string;
  readonly confidence: number;
}

/** Sleeps until released, and says for how long it was asked to. */
function heldClock(): Clock & { readonly asked: number[]; release(): void } {
  const asked: number[] = [];
  const waiting: (() => void)[] = [];
  return {
    asked,
    release: () => waiting.splice(0).forEach((go) => go()),
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        asked.push(ms);
        waiting.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
}

const TEXTS = Array.from({ length: 60 }, (_, index) => `sentence number ${index} about something else`);

async function post(url: string, body: unknown, timeoutMs = 5_000): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

describe('the text models of the demo', () => {
  const clock = heldClock();
  let demo: DemoModels;
  beforeAll(async () => {
    demo = await startDemoModels({ port: 0, clock, random: seededRandom(1), tabular: smallTabular() });
  }, 60_000);
  afterAll(() => demo.close());

  const askAll = async (name: string): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const text of TEXTS) answers.push(await post(demo.urlOf(name), { text }));
    return answers;
  };
  const confidences = (answers: readonly Answer[]): number[] => answers.map(({ confidence }) => confidence);

  it('healthy answers 0.80–0.95, varies with the text and repeats itself', async () => {
    const [first, second] = [await askAll('healthy'), await askAll('healthy')];
    expect(Math.min(...confidences(first))).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...confidences(first))).toBeLessThanOrEqual(0.95);
    expect(Math.max(...confidences(first)) - Math.min(...confidences(first))).toBeGreaterThan(0.08);
    expect(second.map(({ prediction }) => prediction)).toEqual(first.map(({ prediction }) => prediction));
    first.forEach((one, index) =>
      expect(Math.abs(one.confidence - (second[index]?.confidence ?? 0))).toBeLessThan(0.016),
    );
    for (const name of ['negative', 'neutral', 'positive']) {
      expect(first.filter(({ prediction }) => prediction === name).length).toBeGreaterThan(8);
    }
  });

  it('low-confidence answers 0.10–0.30 and repeats itself', async () => {
    const [first, second] = [await askAll('low-confidence'), await askAll('low-confidence')];
    expect(Math.min(...confidences(first))).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...confidences(first))).toBeLessThanOrEqual(0.3);
    expect(second.map(({ prediction }) => prediction)).toEqual(first.map(({ prediction }) => prediction));
  });

  it('random contradicts itself and spreads over 0–1', async () => {
    const [first, second] = [await askAll('random'), await askAll('random')];
    expect(Math.min(...confidences(first))).toBeLessThan(0.2);
    expect(Math.max(...confidences(first))).toBeGreaterThan(0.8);
    const changed = first.filter((one, index) => one.prediction !== second[index]?.prediction).length;
    expect(changed).toBeGreaterThan(TEXTS.length / 3);
  });

  it('silent says one thing', async () => {
    const answers = await askAll('silent');
    expect(new Set(answers.map((one) => `${one.prediction} ${one.confidence}`)).size).toBe(1);
  });

  it('flapping fails in bursts of four or more, and answers well in between', async () => {
    const statuses = [...(await askAll('flapping')), ...(await askAll('flapping'))].map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    const runs = statuses.join(' ').match(/(?:503 ?)+/g) ?? [];
    const whole = runs.slice(0, -1).map((run) => run.trim().split(' ').length);
    expect(whole.length).toBeGreaterThan(1);
    for (const length of whole) expect(length).toBeGreaterThanOrEqual(4);
    expect(statuses.filter((status) => status === 503).length / statuses.length).toBeLessThan(0.5);
  });

  it('broken keeps the caller waiting 15 seconds; a caller who gives up is let go', async () => {
    await expect(post(demo.urlOf('broken'), { text: 'hello' }, 100)).rejects.toThrow(/timeout/i);
    expect(clock.asked).toEqual([15_000]);
    const patient = post(demo.urlOf('broken'), { text: 'hello' });
    while (clock.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    clock.release();
    expect((await patient).status).toBe(200);
  });

  it('refuses what is not a text, not JSON, too large, or elsewhere', async () => {
    const url = demo.urlOf('healthy');
    expect((await post(url, { text: 7 })).status).toBe(422);
    expect((await post(url, [])).status).toBe(422);
    expect((await post(url, 'null')).status).toBe(422);
    expect((await post(url, '{')).status).toBe(400);
    expect((await post(url, { text: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await post(url.replace('healthy', 'nobody'), { text: 'x' })).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
    expect(() => demo.urlOf('nobody')).toThrow(RangeError);
  });

  it('describes every model in OpenAPI with examples that it answers', async () => {
    const root = new URL('/openapi.json', demo.urlOf('healthy'));
    const document = (await (await fetch(root)).json()) as {
      paths: Record<string, { post: { requestBody: { content: { 'application/json': { examples: object } } } } }>;
    };
    expect(Object.keys(document.paths).sort()).toEqual(demo.names.map((name) => `/${name}/predict`).sort());
    for (const name of ['healthy', 'tabular']) {
      const path = document.paths[`/${name}/predict`];
      const examples = Object.values(path?.post.requestBody.content['application/json'].examples ?? {}) as {
        value: unknown;
      }[];
      expect(examples.length).toBeGreaterThan(1);
      for (const { value } of examples) expect((await post(demo.urlOf(name), value)).status).toBe(200);
    }
  });
});

it('a broken model that worked once answers as many calls as it is given, and none in time from then on', async () => {
  const clock = heldClock();
  const demo = await startDemoModels({
    port: 0,
    clock,
    random: seededRandom(2),
    tabular: smallTabular(),
    workingCalls: 2,
  });
  const statuses = await Promise.all([1, 2].map(() => post(demo.urlOf('broken'), { text: 'hello' })));
  expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
  await expect(post(demo.urlOf('broken'), { text: 'hello' }, 100)).rejects.toThrow(/timeout/i);
  await demo.close();
});

describe('the drifting model', () => {
  it('is healthy first and loses confidence with every later call, its answers unchanged', async () => {
    const decay = { afterCalls: 20, perCall: 0.01 };
    const clock = heldClock();
    const demo = await startDemoModels({ port: 0, clock, random: seededRandom(2), tabular: smallTabular(), decay });
    const answers: Answer[] = [];
    for (let call = 0; call < 120; call += 1)
      answers.push(await post(demo.urlOf('drifting'), { text: 'the same text' }));
    await demo.close();
    const confidence = answers.map((one) => one.confidence);
    expect(Math.min(...confidence.slice(0, 20))).toBeGreaterThanOrEqual(0.85);
    expect(confidence[60]).toBeLessThan(0.6);
    expect(confidence[119]).toBeCloseTo(0.25, 6);
    expect(new Set(answers.map(({ prediction }) => prediction)).size).toBe(1);
  });
});
