import { beforeEach, describe, expect, it } from 'vitest';
import { investigationText } from '../../../exporter/src/cli/investigation-text.js';
import { investigationJson } from '../../../exporter/src/http/views/reports.js';
import { slugOf, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { Discovery } from '../../../exporter/src/domain/discovery.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import type { GoldenInput, Model } from '../../../exporter/src/domain/model.js';
import type { Failure, Sample } from '../../../exporter/src/domain/observation.js';
import type { BaselineProfile } from '../../../exporter/src/domain/profile.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import type { Investigation } from '../../../exporter/src/domain/investigation.js';
import { investigator } from '../../../exporter/src/evaluation/evaluate-url.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { askedModel } from '../monitoring/fleet-on-memory.js';

let stored: Map<ModelId, BaselineProfile>;
let nowMs: number;
beforeEach(() => {
  stored = new Map();
  nowMs = 1e12;
});

const sample = (i: number): Sample => ({
  observation: {
    atMs: nowMs + i,
    source: 'probe',
    predictionId: null,
    goldenId: null,
    features: null,
    prediction: i % 2 === 0 ? 'yes' : 'no',
    confidence: 0.8 + (i % 5) / 50,
    latencySeconds: 0.01 + (i % 7) / 1_000,
    failure: null,
    label: null,
    modelVersion: null,
  },
  shape: null,
});

const refused = (i: number): Sample => {
  const { observation } = sample(i);
  return { observation: { ...observation, prediction: null, confidence: null, failure: REFUSED }, shape: null };
};

const URL_OF_MODEL = 'http://host/predict';
const REFUSED: Failure = { reason: 'payload_refused', detail: 'age is missing', httpStatus: 422, retryAfterMs: null };

interface Asked {
  /** Payloads that the model takes. */
  readonly takes?: readonly Json[];
  readonly watched?: Model | null;
  readonly payloads?: readonly Json[] | null;
  readonly discovery?: Discovery;
  readonly golden?: readonly GoldenInput[];
  readonly answers?: (model: Model) => readonly Sample[];
  readonly samples?: number;
}

/** Checks a URL whose model answers well to what it takes. */
function check(url: string, asked: Asked = {}): Promise<Investigation> {
  const { takes, watched = null, payloads = null, discovery, golden = [], answers, samples = null } = asked;
  const endpoint = { url, connector: 'rest', settings: {}, authorizationSecret: null } as const;
  const answer = { kind: 'found', endpoint, payloads: [{ x: 1 }], isGuess: true, attempts: [] } as const;
  const said = {
    kind: 'answer',
    prediction: 'yes',
    confidence: 0.8,
    modelVersion: null,
    latencySeconds: 0.01,
    shape: 's',
  } as const;
  const evaluateUrl = investigator(
    {
      clock: { now: () => (nowMs += 1), sleep: () => Promise.resolve() },
      hash: (text) => text,
      discover: () => Promise.resolve(discovery ?? { ...answer, answer: said }),
      chooseGoldenInputs: () => golden,
      cycle: (model) => {
        if (answers !== undefined) return Promise.resolve(answers(model));
        const isTaken = takes === undefined || takes.some((payload) => model.probePayloads.includes(payload));
        return Promise.resolve(Array.from({ length: 5 }, (_, i) => (isTaken ? sample(i) : refused(i))));
      },
      baselines: {
        current: (id) => Promise.resolve(stored.get(id) ?? null),
        saveNew: (id, baseline) => Promise.resolve(void stored.set(id, baseline)),
      },
      watchedModelAt: () => watched,
      lessons: () => [],
    },
    {
      experience: { thresholds: DEFAULT_THRESHOLDS, targets: [], verification: DEFAULT_VERIFICATION_TIMES },
      timeoutMs: 1_000,
      defaultSamples: 60,
    },
  );
  return evaluateUrl({ url, samples, payloads }, () => undefined);
}

describe('the baseline of a URL', () => {
  it('is that of its first healthy check', async () => {
    expect((await check('http://host/predict')).baselineExists).toBe(false);
    expect((await check('http://host/predict')).baselineExists).toBe(true);
  });

  it('is not that of another URL that begins alike, however long', async () => {
    const long = `http://host/${'deployments/'.repeat(10)}`;
    await check(`${long}fraud`);
    expect((await check(`${long}churn`)).baselineExists).toBe(false);
    expect(stored.size).toBe(2);
  });

  it('of release 0.1.0 is still read, unless its id was cut', async () => {
    const long = `http://host/${'deployments/'.repeat(10)}`;
    await check('http://host/predict');
    const [baseline] = stored.values();
    if (baseline === undefined) throw new Error('no baseline was kept');
    stored = new Map(['http://host/predict', long].map((url) => [slugOf(`look-${url}`), baseline]));
    expect((await check('http://host/predict')).baselineExists).toBe(true);
    expect((await check(`${long}fraud`)).baselineExists).toBe(false);
  });
});

it('tells no secret of an address, and keeps its baseline when the secret changes', async () => {
  const address = 'http://bob:s3cretpw@host/predict?api_key=s3cretpw&other=s3cretpw&model=a';
  expect(investigationJson(await check(address))).not.toContain('s3cretpw');
  expect(investigationText(await check(address))).not.toContain('s3cretpw');
  const open = (key: string): string => `http://host/predict?api_key=${key}&model=a`;
  const first = await check(open('s3cretpw'));
  expect(first).toMatchObject({ url: 'http://host/predict?api_key=…&model=…' });
  expect((await check(open('another1'))).modelId).toBe(first.modelId);
  expect((await check(open('another1').replace('model=a', 'model=b'))).modelId).not.toBe(first.modelId);
  expect((await check('http://host/predict')).modelId).toMatch(/^url-http-host-predict-[0-9a-f]{8}$/);
});

describe('a model nobody has seen answer', () => {
  const late = {
    reason: 'timeout',
    detail: 'no complete answer within 3 s',
    httpStatus: null,
    retryAfterMs: null,
  } as const;
  const unheard: Asked = {
    discovery: { kind: 'not-found', failure: late, attempts: [] },
    answers: () =>
      Array.from({ length: 5 }, (_, i) => ({
        ...sample(i),
        observation: { ...sample(i).observation, prediction: null, confidence: null, failure: late },
      })),
  };

  it('is not judged where it is late with a payload that somebody gives, and no cause is told', async () => {
    const { verdict, setup, diagnosis } = await check(URL_OF_MODEL, { ...unheard, payloads: [{ x: 1 }] });
    expect([verdict, setup?.kind, diagnosis.causes]).toEqual(['undecided', 'no-answer-in-time', []]);
  });

  it('is not judged where its address alone is known, which leaves calls without an answer', async () => {
    const { verdict, setup, samples } = await check(URL_OF_MODEL, unheard);
    expect([verdict, setup?.kind, samples]).toEqual(['undecided', 'no-answer-in-time', 0]);
  });

  it('is down for its users, or only slow, where its own server says what is sent there', async () => {
    const endpoint = { url: URL_OF_MODEL, connector: 'rest', settings: {}, authorizationSecret: null } as const;
    const described = { endpoint, payloads: [{ age: 38 }] };
    const discovery = { kind: 'not-found', failure: late, described, attempts: [] } as const;
    let asked: readonly Json[] = [];
    const answers = (model: Model): readonly Sample[] => {
      asked = model.probePayloads;
      return unheard.answers?.(model) ?? [];
    };
    const { verdict, limits } = await check(URL_OF_MODEL, { discovery, answers });
    expect([verdict, asked]).toEqual(['failing', described.payloads]);
    expect(limits.join(' ')).toContain('longer timeout');
    const watched: Model = { ...askedModel('m'), state: 'configuring' };
    expect((await check(URL_OF_MODEL, { discovery, answers, watched })).verdict).toBe('undecided');
  });
});

describe('a model that takes payloads of its own', () => {
  const own = { age: 38, country: 'DE' };
  const other = { text: 'another' };
  const notFound: Discovery = { kind: 'not-found', failure: REFUSED, attempts: [] };
  const watched: Model = { ...askedModel('income'), probePayloads: [own], state: 'healthy' };

  it('is asked as it is registered where it is watched', async () => {
    const { verdict, setup, discovery } = await check(URL_OF_MODEL, { takes: [own], watched, discovery: notFound });
    expect([verdict, setup, discovery]).toEqual(['healthy', null, null]);
  });

  it('fails where it is watched and refuses what it took', async () => {
    expect((await check(URL_OF_MODEL, { takes: [], watched, discovery: notFound })).verdict).toBe('failing');
  });

  it.each<readonly [string, Asked]>([
    ['mlfi finds none, and it is not watched', { discovery: notFound }],
    [
      'mlfi finds none, and it has never answered',
      { watched: { ...watched, state: 'configuring' }, discovery: notFound },
    ],
    ['it is not watched, and refuses what is like the one it took', {}],
    ['it is watched, and refuses the ones that somebody gives', { watched, payloads: [other] }],
  ])('is not judged where %s', async (_, asked) => {
    const { verdict, setup, diagnosis, explanation } = await check(URL_OF_MODEL, { ...asked, takes: [own] });
    expect([verdict, setup?.kind, diagnosis.severity, diagnosis.findings]).toEqual([
      'undecided',
      'payload-needed',
      'none',
      [],
    ]);
    expect(explanation.headline).toContain('Age is missing');
  });

  it('is judged by the payload that somebody gives, and by no baseline of others', async () => {
    await check(URL_OF_MODEL, { takes: [own], payloads: [own] });
    expect(stored.size).toBe(0);
    const { verdict, baselineExists } = await check(URL_OF_MODEL, { takes: [own], payloads: [own], watched });
    expect([verdict, baselineExists]).toEqual(['healthy', false]);
  });
});

describe('a coin flip that is sure of itself', () => {
  const golden = Array.from({ length: 5 }, (_, i): GoldenInput => ({
    id: `golden-${i + 1}`,
    payload: { x: i },
    origin: 'generated',
  }));

  it.each([20, 40, 60])('is told the same way in 20 of 20 checks of %i probes', async (samples) => {
    const random = seededRandom(`coin ${samples}`);
    const flip = (goldenId: string | null, i: number): Sample => {
      const { observation } = sample(i);
      const source = goldenId === null ? 'probe' : 'golden';
      const prediction = random.next() < 0.5 ? 'positive' : 'negative';
      return {
        observation: { ...observation, source, goldenId, prediction, confidence: 0.6 + 0.35 * random.next() },
        shape: 's',
      };
    };
    const answers = ({ goldenInputs, schedule }: Model): readonly Sample[] => [
      ...goldenInputs.map(({ id }, i) => flip(id, i)),
      ...Array.from({ length: schedule.probesPerCycle }, (_, i) => flip(null, i)),
    ];
    const causes: (string | undefined)[] = [];
    for (let look = 0; look < 20; look += 1) {
      const { diagnosis, samples: read } = await check(URL_OF_MODEL, { golden, answers, samples });
      expect(read).toBe(samples);
      causes.push(diagnosis.causes[0]?.id);
    }
    expect(causes).toEqual(new Array(20).fill('unstable-model'));
  });
});
