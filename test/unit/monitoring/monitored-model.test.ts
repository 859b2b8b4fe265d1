import { inspect } from 'node:util';
import { modelOf } from '../../fixtures/model.js';
import { expect, it } from 'vitest';
import type { Observation, Sample } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import { baselineSamples, failureCount } from '../../../exporter/src/domain/profile.js';
import { baselineView } from '../../../exporter/src/http/views/baselines.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';

const MODEL = modelOf();

/** A model that logs one call a second, looked at every ten. */
class Logged {
  readonly watch = new MonitoredModel(
    MODEL,
    {
      thresholds: DEFAULT_THRESHOLDS,
      requirements: DEFAULT_BASELINE_REQUIREMENTS,
      budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' },
      windowMs: 300_000,
      rowsKept: 1_000,
      binnedSignals: 10,
      categoriesPerFeature: 1_000,
      featuresPerModel: 500,
    },
    (text) => text,
    () => seededRandom(1),
    { counters: null, baseline: null, learning: null, windows: [], olderLabels: [], monitor: null, kinds: null },
  );
  private calls = 0;
  private readonly random = seededRandom('watch');

  private get nowMs(): number {
    return 1e12 + 1_000 * this.calls;
  }

  private call(failing: number, x: number): Observation {
    const failed = this.random.next() < failing;
    const observation: Observation = {
      atMs: this.nowMs,
      source: 'ingest',
      predictionId: `p${this.calls}`,
      goldenId: null,
      features: { x: x * this.random.next(), side: this.calls % 2 === 0 ? 'left' : 'right' },
      prediction: failed ? null : 'yes',
      confidence: failed ? null : 0.5 + 0.5 * this.random.next(),
      latencySeconds: null,
      failure: failed ? { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } : null,
      label: null,
      modelVersion: null,
    };
    this.calls += 1;
    return observation;
  }

  /** @param isFailing evaluations find something badly wrong @param x times the usual value of a feature */
  run(calls: number, failing: number, isFailing = false, x = 1): this {
    for (let i = 0; i < calls; i += 1) {
      const { nowMs } = this;
      this.watch.observe([{ observation: this.call(failing, x), shape: null }], nowMs);
      if (this.calls % 10 === 0) this.watch.advance(nowMs, isFailing);
    }
    return this.wait(isFailing);
  }

  /** Nothing more comes for a while, so that nothing is waited for. */
  wait(isFailing = false): this {
    const laterMs = this.nowMs + 60_000;
    do this.watch.advance(laterMs, isFailing);
    while (this.watch.isBehind(laterMs));
    return this;
  }

  /** Calls that are sent together once the last has been answered, or not. */
  send(isFailing: boolean, ...spans: readonly (readonly [calls: number, failing: number])[]): this {
    const calls = spans.flatMap(([calls, failing]) => Array.from({ length: calls }, () => this.call(failing, 1)));
    this.watch.observe(
      calls.map((observation) => ({ observation, shape: null })),
      this.nowMs,
    );
    this.watch.advance(this.nowMs, isFailing);
    return this;
  }
}

it('learns nothing from a refused period: an outage at the start does not blind it to the next one', () => {
  const logged = new Logged().run(200, 0.98).run(1_500, 0.001);
  expect(logged.watch.baseline).not.toBeNull();
  expect(logged.watch.evidence().verdict).toBe('quiet');
  logged.run(300, 0.3);
  expect(logged.watch.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['errors'] });
});

const missingIn = ({ watch }: Logged): readonly string[] =>
  watch.learning?.verdict.kind === 'learning' ? watch.learning.verdict.missing : [];
const FAILING = 'answers without serious findings: a failing model shows no normal';

it('learns from the rows after a failure in which a long learning period ended, and sees the next fault', () => {
  const logged = new Logged().run(1_500, 0, true);
  expect(missingIn(logged)).toEqual([FAILING]);
  logged.run(200, 1, true);
  expect(logged.watch.baseline).toBeNull();
  logged.run(450, 0);
  expect(logged.watch.baseline?.profile.calls).toBeLessThan(450);
  expect(logged.watch.evidence().verdict).toBe('quiet');
  logged.run(600, 0, false, 100);
  expect(logged.watch.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['feature:x'] });
});

it('tells of a period that waits how many calls it has now, not how many it had when it was weighed', () => {
  const logged = new Logged().run(1_500, 0, true);
  const samples = (): number | null => {
    const { baseline, learning } = logged.watch;
    expect(baselineSamples(baseline, learning)).toBe(baselineView({ baseline, learning }).samples);
    return baselineView({ baseline, learning }).samples;
  };
  expect(samples()).toBe(1_500);
  logged.run(7, 0, true);
  expect(samples()).toBe(1_507);
  logged.run(3, 1, true);
  expect(samples()).toBe(1_507);
});

it('waits for no failure that is over', () => {
  const logged = new Logged().run(1_500, 0, true);
  expect(missingIn(logged)).toEqual([FAILING]);
  expect(logged.run(10, 0).watch.baseline?.profile.calls).toBe(1_500);
});

it('learns from rows before a failure that came together with it, as if they had come one by one', () => {
  const logged = new Logged().send(false, [2_500, 0], [400, 1]).wait(true);
  expect(logged.watch.baseline).not.toBeNull();
  expect(failureCount(logged.watch.baseline?.profile ?? { failures: {} })).toBe(0);
  expect(logged.watch.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['errors'] });
});

it('learns from no row of a failure that began before it', () => {
  const logged = new Logged().run(100, 0).send(true, [200, 1], [1_500, 0]).wait(true).run(500, 0, true);
  expect(logged.watch.baseline).toBeNull();
});

it('puts late labels into the rows of the window and of the baseline, so that root cause sees where answers are wrong', () => {
  const { watch } = new Logged().run(1_500, 0);
  watch.label(
    Array.from({ length: 1_500 }, (_, i) => ({ atMs: 2e12, predictionId: `p${i}`, label: i % 2 === 0 ? 'yes' : 'no' })),
  );
  const { rows, baselineRows } = watch.modelState();
  expect(watch.baseline).not.toBeNull();
  for (const some of [rows, baselineRows]) {
    expect(some.length).toBeGreaterThan(50);
    expect(some.every(({ label }) => label !== null)).toBe(true);
    const wrong = some.filter(({ label, prediction }) => label !== prediction).length;
    expect(Math.abs(wrong / some.length - 0.5)).toBeLessThan(0.02);
  }
  const judged = (side: string): readonly number[] =>
    (watch.window().groups.get(`[["side","=${side}"]]`) ?? []).slice(4);
  const [right = 0, wrong = 0] = judged('right');
  expect(right).toBeGreaterThan(20);
  expect(wrong).toBe(right);
  expect(judged('left')[1]).toBe(0);
});

it('judges the newest calls, not the failure behind them, once what changed is normal again', () => {
  const logged = new Logged().run(1_500, 0.001).run(60, 0.5);
  expect(logged.watch.evidence()).toMatchObject({ verdict: 'alarm', recovered: false });
  logged.run(400, 0.001);
  expect(logged.watch.evidence()).toMatchObject({ verdict: 'alarm', recovered: true });
  const { calls, failures } = logged.watch.window();
  expect(calls).toBeGreaterThanOrEqual(DEFAULT_THRESHOLDS.minimumWindowSamples);
  expect([...Object.values(failures)].reduce((sum, count) => sum + count, 0) / calls).toBeLessThan(0.05);
});

it('judges no row of an incident that is over, also where windows hold rows of both times, and stores from when', () => {
  const logged = new Logged().run(1_500, 0).run(300, 0.6).run(60, 0);
  const { watch } = logged;
  expect(watch.alarm).not.toBe('none');
  expect(watch.window().failures).not.toEqual({});
  const overMs = watch.modelState().rows.at(-40)?.atMs ?? 0;
  watch.settleEvidence(overMs);
  expect(watch.alarm).toBe('none');
  expect(watch.window()).toMatchObject({ fromMs: overMs, calls: 40 });
  expect(failureCount(watch.window())).toBe(0);
  expect(watch.counters.judgedFromMs).toBe(overMs);
  logged.run(500, 0);
  expect(watch.window().calls).toBeGreaterThan(200);
  expect(failureCount(watch.window())).toBe(0);
});

const probeOfGolden = (goldenId: string): Sample => ({
  observation: observation({ source: 'golden', goldenId, atMs: 1e12 + 5_000_000, predictionId: null }),
  shape: 'x',
});
const EVERYTHING = {
  depth: Infinity,
  maxArrayLength: Infinity,
  maxStringLength: Infinity,
  breakLength: Infinity,
  showHidden: false,
};
/** All that an object holds, private or not. */
const stateOf = (of: unknown): string => inspect(of, EVERYTHING);
const LABELS = Array.from({ length: 300 }, (_, i) => ({ atMs: 2e12, predictionId: `p${i}`, label: 'yes' }));

it.each([
  ['while it learns', (logged: Logged) => logged.run(40, 0.1)],
  ['when it is compared with its baseline', (logged: Logged) => logged.run(1_500, 0.001)],
  ['in an alarm', (logged: Logged) => logged.run(1_500, 0.001).run(60, 0.5)],
] as const)('drafts all that it is %s, and is not changed by what is done to the draft', (_, runs) => {
  const { watch } = runs(new Logged());
  watch.label(LABELS);
  watch.observe([probeOfGolden('g1')], 1e12 + 5_000_000);
  const draft = watch.draft();
  expect(stateOf(draft.traffic)).toBe(stateOf(watch['traffic']));
  expect(stateOf(draft.features)).toBe(stateOf(watch['features']));
  const before = stateOf([watch['traffic'], watch['features'], watch['calls']]);
  draft.recordChange({ atMs: 1e12, kind: 'deployment', text: 'v2' });
  draft.freeze(true);
  draft.records(1e12 + 6_000_000);
  draft.relearn(1e12);
  draft.traffic.learn();
  draft.traffic.labelRows(LABELS);
  draft.records(1e12 + 6_000_000);
  expect(stateOf([watch['traffic'], watch['features'], watch['calls']])).toBe(before);
});
