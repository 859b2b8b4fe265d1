import { beforeAll, describe, expect, it } from 'vitest';
import { INDICATORS } from '../../exporter/src/rca/indicators/index.js';
import { WEIGHTS } from '../../exporter/src/rca/causes/weights.js';
import { calibrationError } from '../faults/conditional-logit.js';
import { FAULT_KINDS } from '../faults/kinds/index.js';
import {
  falseCauses,
  featureOverlap,
  measure,
  namedRight,
  segmentOverlap,
  topProbabilities,
  type Measured,
} from '../faults/measure.js';
import { trainZooModels } from '../faults/models/index.js';
import { zooCases } from '../faults/replay.js';
import { say } from './streams.js';

/** Seeds per fault and model: in the long form as in the published table (`npm run bench:rca`). The kinds are the same in both. */
const [SEEDS, HEALTHY_SEEDS] = process.env['MLFI_LONG'] === '1' ? [3, 50] : [2, 25];

const isBenign = (id: string): boolean => id === 'nothing at all' || id.startsWith('seasonal');

describe('root cause on test seeds, which neither fitting nor tuning has seen', () => {
  let foreseen: readonly Measured[] = [];
  let healthy: readonly Measured[] = [];
  let all: readonly Measured[] = [];
  beforeAll(() => {
    const models = trainZooModels();
    const kinds = FAULT_KINDS.filter(({ id }) => !isBenign(id));
    all = zooCases(kinds, models, 'test', SEEDS).map((zooCase) => measure(zooCase));
    healthy = zooCases(
      FAULT_KINDS.filter(({ id }) => isBenign(id)),
      models,
      'test',
      HEALTHY_SEEDS,
    ).map((zooCase) => measure(zooCase));
    foreseen = [...all.filter(({ kind }) => !kind.startsWith('unforeseen')), ...healthy.slice(0, 6 * SEEDS)];
  }, 2_700_000);

  it('names the right cause first in 90 % and among three in 97 %', () => {
    const { cases, first, amongThree } = namedRight(foreseen);
    say(
      `first ${first} of ${cases} (${((100 * first) / cases).toFixed(1)} %), among three ${amongThree} (${((100 * amongThree) / cases).toFixed(1)} %)`,
    );
    expect(first / cases).toBeGreaterThanOrEqual(0.9);
    expect(amongThree / cases).toBeGreaterThanOrEqual(0.97);
  });

  it('names the segment with an F1 of 0.9, and the features', () => {
    const segments = segmentOverlap(foreseen);
    const features = featureOverlap(foreseen);
    say(`segments ${JSON.stringify(segments)}, features ${JSON.stringify(features)}`);
    expect(segments.f1).toBeGreaterThanOrEqual(0.9);
    expect(features.f1).toBeGreaterThanOrEqual(0.85);
  });

  it('names no fault above one half in 98 % of the healthy cases', () => {
    const { cases, named } = falseCauses(healthy);
    say(`false causes ${named} of ${cases}`);
    expect(named / cases).toBeLessThanOrEqual(0.02);
  });

  it('says probabilities that say how often they are right', () => {
    const error = calibrationError(topProbabilities([...all, ...healthy.slice(0, 6 * SEEDS)]));
    say(`calibration error ${error.toFixed(3)}`);
    expect(error).toBeLessThanOrEqual(0.08);
  });

  it('weighs exactly the indicators there are', () => {
    expect(WEIGHTS.indicators).toEqual(INDICATORS.map(({ id }) => id));
  });
});
