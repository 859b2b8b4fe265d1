import { expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import type { LearningState, WindowProfile } from '../../../exporter/src/domain/profile.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { atOnce } from '../../../exporter/src/domain/turns.js';
import { matchedIn } from '../../../exporter/src/monitoring/label-joiner.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { modelNamed } from './fleet-on-memory.js';
import { memoryLedger } from './memory-ledger.js';

const START = 1_767_571_200_000;
const SETTINGS = {
  ...{ thresholds: DEFAULT_THRESHOLDS, requirements: { ...DEFAULT_BASELINE_REQUIREMENTS, minimumSamples: 5_000 } },
  ...{ windowMs: 60_000, rowsKept: 1_000, binnedSignals: 10, featuresPerModel: 500 },
  budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' as const },
};
const NOTHING = {
  ...{ counters: null, baseline: null, learning: null },
  ...{ windows: [], olderLabels: [], monitor: null, kinds: null },
};
const counted = (profile: WindowProfile): readonly [ReadonlyMap<string, number>, number] => {
  const signal = profile.signals.get('feature:cat');
  return signal?.kind === 'categorical' ? [signal.categories, signal.other] : [new Map(), 0];
};

it('names in rows that may be lost no category for which what is learnt has no room: each value counts once', async () => {
  const random = () => seededRandom(1);
  const settings = { ...SETTINGS, categoriesPerFeature: 2 };
  const model = new MonitoredModel(modelNamed('a'), settings, (text) => text, random, NOTHING, null, START);
  const ledger = memoryLedger();
  /** Rows that are 1 ms apart, committed and judged as far as they are ripe. */
  const commit = async (cats: readonly string[], atMs: number, nowMs: number): Promise<LearningState | null> => {
    const rows = cats.map((cat, i) => observation({ atMs: START + atMs + i, features: { cat } }));
    const now = START + nowMs;
    const staged = model.stage({ observations: rows, labels: [], senders: [{ sender: '', rows: rows.length }] }, now);
    const join = await model.join(ledger, staged, now);
    const written = { staged, join, counted: atOnce(staged.records(matchedIn(join), now)) };
    atOnce(model.settle(written, now));
    model.advance(now, false);
    return written.counted.records.learning;
  };
  const of = (cat: string, count: number): readonly string[] => Array.from({ length: count }, () => cat);
  await commit([...of('a', 20), ...of('b', 20)], 0, 1_000);
  await commit([], 0, 17_000);
  await commit(of('c', 20), 18_000, 18_100);
  await commit([], 0, 35_000);
  const learning = await commit(of('c', 5), 35_000, 35_500);
  // What is set aside is taken out of what is learnt, which knows "a" and "b".
  expect(learning?.unjudged?.map(({ counts }) => counted(counts))).toEqual([[new Map(), 25]]);
  expect(learning?.profile.calls).toBe(40);
  expect(counted(learning?.profile ?? expect.fail())).toEqual([
    new Map([
      ['a', 20],
      ['b', 20],
    ]),
    0,
  ]);
});
