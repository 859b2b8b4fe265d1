import { describe, expect, it } from 'vitest';
import { learn, startLearning } from '../../../exporter/src/baseline/learning.js';
import { learningCodec } from '../../../exporter/src/store/codecs/profile.js';
import { profileOf, quietRow } from '../detection/rows.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineView } from '../../../exporter/src/http/views/baselines.js';

const REQUIRED = { minimumSamples: 100, minimumDurationMs: 0, maximumErrorShare: 0.1 };
const rows = (count: number, confidence: number) => {
  const random = seededRandom('anew');
  return Array.from({ length: count }, (_, i) => ({ ...quietRow(random, i), confidence: confidence + (i % 10) / 100 }));
};

describe('a learning period that is given up', () => {
  it('is told until there is a baseline, with how much it was, over a restart', () => {
    const first = learn(startLearning(1, REQUIRED), profileOf(rows(60, 0.8)), [], REQUIRED);
    const moved = learn(first, profileOf(rows(60, 0.4)), [], REQUIRED);
    expect(moved.verdict.kind).toBe('refused');
    const on = learn(moved, profileOf(rows(10, 0.4)), [], REQUIRED);
    expect(on.verdict.kind).toBe('learning');
    const stored = learningCodec.decode(learningCodec.encode(on));
    const view = baselineView({ baseline: null, learning: stored });
    expect(view.refused).toEqual([expect.stringMatching(/Confidence moved .* 60 answered samples are left out\.$/)]);
    expect(view.missing).toEqual(['30 more answered samples']);
  });
});
