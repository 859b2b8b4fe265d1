import { expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import { FailingSince } from '../../../exporter/src/monitoring/failing-since.js';
import type { StoredModelState } from '../../../exporter/src/monitoring/increment.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { askedModel, modelNamed } from './fleet-on-memory.js';

const NOTHING: StoredModelState = {
  ...{ counters: null, baseline: null, learning: null },
  ...{ windows: [], olderLabels: [], monitor: null, kinds: null },
};

/** A model with a call a second, looked at every ten. */
class Watched {
  private nowMs = 1e12;
  private readonly random = seededRandom('failing');
  watch = this.restored(NOTHING);

  constructor(private readonly source: 'ingest' | 'probe') {}

  private restored(state: StoredModelState): MonitoredModel {
    const settings = {
      ...{ thresholds: DEFAULT_THRESHOLDS, requirements: DEFAULT_BASELINE_REQUIREMENTS, windowMs: 300_000 },
      ...{ rowsKept: 1_000, binnedSignals: 10, categoriesPerFeature: 1_000, featuresPerModel: 500 },
      budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' as const },
    };
    const model = this.source === 'ingest' ? modelNamed('a') : askedModel('a');
    const random = () => seededRandom(1);
    return new MonitoredModel(model, settings, (text) => text, random, state, null, this.nowMs);
  }

  /** @param isFailing what evaluations find */
  run(calls: number, isFailing: boolean): this {
    for (let i = 1; i <= calls; i += 1) {
      this.nowMs += 1_000;
      const row = observation({
        source: this.source,
        atMs: this.nowMs,
        features: { x: this.random.next() },
        confidence: 0.5 + 0.5 * this.random.next(),
      });
      this.watch.observe([{ observation: row, shape: null }], this.nowMs);
      if (i % 10 === 0) this.watch.advance(this.nowMs, isFailing);
    }
    return this;
  }

  /** What is stored is all that is left. */
  restart(): this {
    const { records } = this.watch.draft().records(this.nowMs);
    const counters = callCountersCodec.decode(callCountersCodec.encode(records.counters));
    const { baseline, learning, detectors: monitor, kinds } = records;
    this.nowMs += 5_000;
    this.watch = this.restored({ ...NOTHING, counters, baseline, learning, monitor, kinds });
    // The first evaluations know of nothing but what is stored.
    for (let i = 0; i < 3; i += 1) this.watch.advance((this.nowMs += 5_000), false);
    return this;
  }

  get missing(): readonly string[] | null {
    const { learning } = this.watch;
    return learning?.verdict.kind === 'learning' ? learning.verdict.missing : null;
  }
}

it.each(['ingest', 'probe'] as const)(
  'admits nothing at a restart while the model fails, until evaluations have seen rows since, of %s',
  (source) => {
    const watched = new Watched(source).run(700, true);
    const waits = ['answers without serious findings: a failing model shows no normal'];
    expect(watched.missing).toEqual(waits);
    watched.restart();
    expect([watched.watch.baseline?.version, watched.missing]).toEqual([undefined, waits]);
    watched.run(50, true);
    watched.restart().restart();
    expect(watched.watch.baseline?.version).toBeUndefined();
    watched.run(20, false);
    expect(watched.watch.baseline?.version).toBeUndefined();
    watched.run(100, false);
    expect(watched.watch.baseline?.profile.calls).toBeGreaterThan(750);
  },
);

it.each(['ingest', 'probe'] as const)(
  'admits at a restart what was learnt of a model that did not fail, of %s',
  (source) => {
    const watched = new Watched(source).run(150, false);
    expect(watched.watch.baseline?.version).toBeUndefined();
    watched.restart().run(700, false);
    expect(watched.watch.baseline?.profile.calls).toBeGreaterThan(200);
  },
);

it('fails from the first of the failures that wait, unless rows were judged since nothing was wrong: it may be those', () => {
  const failed = {
    row: observation({ atMs: 5_000, failure: { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } }),
    judged: null,
  };
  const [quiet, judged] = [new FailingSince(false), new FailingSince(false)];
  judged.judged();
  for (const failing of [quiet, judged]) expect(failing.evaluated(true, () => [failed])).toBe(true);
  expect([quiet.isFailingAt(4_999), quiet.isFailingAt(5_000)]).toEqual([false, true]);
  expect([judged.isFailingAt(4_999), judged.isFailingAt(5_000)]).toEqual([true, true]);
});
