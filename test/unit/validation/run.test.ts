import { modelOf } from '../../fixtures/model.js';
import { expect, it } from 'vitest';
import { payloadLike } from '../../../exporter/src/capture/probing/payloads/mirror.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Json, JsonObject } from '../../../exporter/src/domain/json.js';
import type { Asking } from '../../../exporter/src/domain/asking.js';
import type { Endpoint, Model } from '../../../exporter/src/domain/model.js';
import type { ModelAnswer } from '../../../exporter/src/domain/observation.js';
import type { GoldenBaseline } from '../../../exporter/src/domain/profile.js';
import type { Validation } from '../../../exporter/src/domain/validation.js';
import { createModelValidations, type ModelValidationPorts } from '../../../exporter/src/validation/run.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';
import { createLogger } from '../../../exporter/src/system/logger.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import type { Actor } from '../../../exporter/src/domain/actor.js';
import { goldenText } from '../../../exporter/src/domain/observation.js';

const ADA: Actor = { kind: 'api-key', subject: 'key:1', name: 'ada' };
const ID = modelId('fraud');
const hash = (text: string): string => `#${text}`;
const MODEL = modelOf({
  id: ID,
  name: 'Fraud',
  endpoint: { url: 'http://models/v7', connector: 'rest', settings: {}, authorizationSecret: 'fraud' },
  versionLabel: 'v7',
  goldenInputs: [1, 2, 3].map((n) => ({ id: `g${n}`, payload: { x: n }, origin: 'user' as const })),
  probePayloads: [{ x: 1 }],
  arePayloadsGuessed: false,
  schedule: { ...modelOf().schedule, concurrency: 2 },
});
const remembered = (n: number): GoldenBaseline => ({
  goldenId: `g${n}`,
  answers: 5,
  answerHashes: { [hash(goldenText(n > 1 ? 'yes' : 'no'))]: 5 },
  confidenceMean: null,
  confidenceStandardDeviation: null,
  shape: '',
});
// Only what a validation reads of a subject.
const subject = (model: Model = MODEL): MonitoredModelState =>
  ({ model, rows: [], baseline: { golden: [1, 2, 3].map(remembered) } }) as unknown as MonitoredModelState;

const says = (rule: (x: number) => string, payload: Json): ModelAnswer => ({
  kind: 'answer',
  prediction: rule(Number((payload as JsonObject)['x'])),
  confidence: null,
  modelVersion: null,
  latencySeconds: 0.01,
  shape: '',
});

function setting(candidateRule: (x: number) => string, change: Partial<ModelValidationPorts> = {}) {
  const saved: Validation[] = [];
  const audited: string[] = [];
  const credentials: (string | null)[] = [];
  const told: Validation[] = [];
  const validations = createModelValidations({
    clock: systemClock,
    ids: randomIds,
    logger: createLogger('silent'),
    validations: { list: () => Promise.resolve(saved.slice(-1)) },
    record: (one, kind) => {
      saved.push(one);
      audited.push(kind);
      return Promise.resolve();
    },
    hash,
    discover: () => Promise.reject(new Error('not needed')),
    ask: (model, payloads) => {
      const isCandidate = model.id !== ID;
      if (isCandidate) credentials.push(model.endpoint?.authorizationSecret ?? null);
      return Promise.resolve(payloads.map((one) => says(isCandidate ? candidateRule : () => 'broken', one)));
    },
    payloadLike,
    generate: (_examples, count) => Array.from({ length: count }, (_, i) => ({ x: i + 10 })),
    subject: () => ({ state: subject(), isRemoved: () => false }),
    flipShare: () => null,
    finished: (one) => Promise.resolve(void told.push(one)),
    ...change,
  });
  return { validations, saved, audited, credentials, told };
}
const finishedOf = async ({ validations, saved }: ReturnType<typeof setting>): Promise<Validation | undefined> => {
  await expect.poll(() => saved.at(-1)?.state).not.toBe('running');
  await validations.list(ID);
  return saved.at(-1);
};
const REQUEST = { candidateUrl: 'http://models/v6', purpose: 'restore', samples: 100 } as const;

it('passes a version that answers golden inputs as the baseline did, whatever the broken one in service says', async () => {
  const one = setting((x) => (x > 1 ? 'yes' : 'no'));
  await one.validations.start(ID, REQUEST, ADA);
  expect(await finishedOf(one)).toMatchObject({
    verdict: 'pass',
    comparison: { golden: { compared: 3, asBaseline: 3 }, agreement: { count: 0 } },
  });
  expect(one.audited).toEqual(['validation-started', 'validation-finished']);
  expect(one.told).toHaveLength(1);
});

it('fails a version that answers one of them otherwise', async () => {
  const one = setting((x) => (x > 2 ? 'yes' : 'no'));
  await one.validations.start(ID, REQUEST, ADA);
  const done = await finishedOf(one);
  expect(done?.verdict).toBe('fail');
  expect(done?.reasons[0]).toContain('2 of 3 golden inputs');
});

it('hands headers, parameters and the client certificate to the same server only', async () => {
  const url = 'https://models/v7';
  const asking: Asking = {
    headers: { 'x-api-key': { secret: 'model-key' } },
    query: { token: { secret: 'model-key' } },
    method: 'PUT',
    tls: { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'key.pem' },
  };
  // Only its headers are a credential.
  const endpoint: Endpoint = { url, connector: 'rest', settings: {}, authorizationSecret: null, asking };
  const asked = async (candidateUrl: string, golden: Model['goldenInputs']): Promise<Asking[]> => {
    const given: Asking[] = [];
    const model = { ...MODEL, endpoint, goldenInputs: golden, probePayloads: golden.map(({ payload }) => payload) };
    const one = setting(() => 'yes', {
      subject: () => ({ state: subject(model), isRemoved: () => false }),
      ask: ({ id, endpoint: to }, payloads) => {
        if (id !== ID) given.push({ ...to?.asking });
        return Promise.resolve(payloads.map((payload) => says(() => 'yes', payload)));
      },
      discover: (target) => {
        given.push({ ...target.asking });
        return Promise.resolve({
          kind: 'not-found',
          failure: { reason: 'dns', detail: 'nobody', httpStatus: null, retryAfterMs: null },
          attempts: [],
        });
      },
    });
    await one.validations.start(ID, { ...REQUEST, candidateUrl, samples: 2 }, ADA);
    await finishedOf(one);
    return given;
  };
  for (const golden of [MODEL.goldenInputs, []]) {
    const [there = expect.fail('it was not asked'), ...more] = await asked('https://models/v6', golden);
    expect([there, ...more]).toEqual([asking, ...more.map(() => asking)]);
    const elsewhere = await asked('https://models.evil/v6', golden);
    expect(elsewhere.length).toBeGreaterThan(0);
    for (const given of elsewhere)
      expect(given).toEqual(golden.length === 0 ? {} : { method: 'PUT', tls: { caFile: 'ca.pem' } });
  }
});

it('hands the credential to the same server only', async () => {
  const same = setting(() => 'yes');
  await same.validations.start(ID, REQUEST, ADA);
  await finishedOf(same);
  expect(new Set(same.credentials)).toEqual(new Set(['fraud']));
  for (const candidateUrl of ['http://models:8080/v6', 'https://models/v6', 'http://models.evil/v6']) {
    const other = setting(() => 'yes');
    await other.validations.start(ID, { ...REQUEST, candidateUrl }, ADA);
    await finishedOf(other);
    expect(new Set(other.credentials)).toEqual(new Set([null]));
  }
});

it('records that a stop broke it off, and lets another begin afterwards', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  const one = setting(() => 'yes', {
    ask: async (_model, payloads) => {
      await held;
      return payloads.map((payload) => says(() => 'yes', payload));
    },
  });
  await one.validations.start(ID, REQUEST, ADA);
  await expect(one.validations.start(ID, REQUEST, ADA)).rejects.toMatchObject({ kind: 'conflict' });
  const stopped = one.validations.stop();
  release();
  await stopped;
  expect(one.saved.at(-1)).toMatchObject({
    state: 'failed',
    reasons: [expect.stringContaining('Interrupted by a restart') as string],
  });
  await expect(one.validations.start(ID, REQUEST, ADA)).resolves.toMatchObject({ state: 'running' });
});

it('tells nobody of a verdict on a model that is removed meanwhile, and lets one of the same name begin', async () => {
  let letGo = (): void => undefined;
  let isRemoved = false;
  const one = setting(() => 'yes', {
    ask: async (_model, payloads) => {
      await new Promise<void>((resolve) => (letGo = resolve));
      return payloads.map((payload) => says(() => 'yes', payload));
    },
    subject: () => {
      const isOld = !isRemoved;
      return { state: subject(), isRemoved: () => isOld && isRemoved };
    },
  });
  await one.validations.start(ID, REQUEST, ADA);
  await expect.poll(() => letGo.length).toBe(1);
  const old = letGo;
  isRemoved = true;
  const next = await one.validations.start(ID, REQUEST, ADA);
  old();
  await expect.poll(() => one.saved.at(-1)?.state).toBe('failed');
  expect(one.saved.at(-1)).toMatchObject({ verdict: null, reasons: ['The model was removed meanwhile.'] });
  expect(one.saved.at(-1)?.id).not.toBe(next.id);
  expect(one.told).toEqual([]);
});

it('does not begin what cannot be recorded', async () => {
  const one = setting(() => 'yes', {
    record: () => Promise.reject(new Error('disk full')),
  });
  await expect(one.validations.start(ID, REQUEST, ADA)).rejects.toThrow('disk full');
  expect(one.credentials).toEqual([]);
});

it('gives a verdict up that cannot be written for an hour, says so, and lets another begin', async () => {
  const HOUR_MS = 3_600_000;
  let nowMs = 1e12;
  const clock = {
    now: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const begun: Validation[] = [];
  const one = setting(() => 'yes', {
    clock,
    validations: { list: () => Promise.resolve(begun.slice(-1)) },
    record: (validation, kind) => {
      if (kind === 'validation-finished') return Promise.reject(new Error('disk full'));
      begun.push(validation);
      return Promise.resolve();
    },
  });
  await one.validations.start(ID, REQUEST, ADA);
  const given = async (): Promise<Validation | undefined> =>
    (await one.validations.list(ID)).find(({ state }) => state === 'failed');
  await expect.poll(given).toMatchObject({ reasons: [expect.stringContaining('could not be written') as string] });
  expect(nowMs - 1e12).toBe(HOUR_MS);
  expect(one.told).toEqual([]);
  await expect(one.validations.start(ID, REQUEST, ADA)).resolves.toMatchObject({ state: 'running' });
  await one.validations.stop();
});
