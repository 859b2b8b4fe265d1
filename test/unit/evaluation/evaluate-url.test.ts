import { beforeEach, describe, expect, it } from 'vitest';
import { slugOf, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { Sample } from '../../../exporter/src/domain/observation.js';
import type { BaselineProfile } from '../../../exporter/src/domain/profile.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import type { Investigation } from '../../../exporter/src/domain/investigation.js';
import { investigator } from '../../../exporter/src/evaluation/evaluate-url.js';

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

/** Checks a URL whose model answers well. */
function check(url: string): Promise<Investigation> {
  const endpoint = { url, connector: 'rest', settings: {}, authorizationSecret: null } as const;
  const answer = { kind: 'found', endpoint, payloads: [{ x: 1 }], attempts: [] } as const;
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
      discover: () => Promise.resolve({ ...answer, answer: said }),
      given: null,
      chooseGoldenInputs: () => [],
      cycle: () => Promise.resolve(Array.from({ length: 5 }, (_, i) => sample(i))),
      baselines: {
        current: (id) => Promise.resolve(stored.get(id) ?? null),
        saveNew: (id, baseline) => Promise.resolve(void stored.set(id, baseline)),
      },
      watchedModelAt: () => null,
      lessons: () => [],
    },
    {
      experience: { thresholds: DEFAULT_THRESHOLDS, targets: [], verification: DEFAULT_VERIFICATION_TIMES },
      timeoutMs: 1_000,
      defaultSamples: 60,
    },
  );
  return evaluateUrl(url, null, () => undefined);
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
