import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import type { LateLabel, Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { atOnce } from '../../../exporter/src/domain/turns.js';
import type { Records } from '../../../exporter/src/monitoring/increment.js';
import { matchedIn } from '../../../exporter/src/monitoring/label-joiner.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { mergeWindows } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { modelOf } from '../../fixtures/model.js';
import { observation } from '../detection/rows.js';
import { memoryLedger } from './memory-ledger.js';

export const START_MS = 1_767_571_200_000;
/** A model that stores what it counts, and everything its store holds in the end. */
export class Stored {
  readonly monitored = new MonitoredModel(
    modelOf(),
    {
      thresholds: DEFAULT_THRESHOLDS,
      requirements: DEFAULT_BASELINE_REQUIREMENTS,
      budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' },
      windowMs: 60_000,
      rowsKept: 1_000,
      binnedSignals: 10,
      categoriesPerFeature: 1_000,
      featuresPerModel: 500,
    },
    (text) => text,
    () => seededRandom(1),
    { counters: null, baseline: null, learning: null, windows: [], olderLabels: [], monitor: null, kinds: null },
  );
  private readonly windows = new Map<number, Records['windows'][number]['profile']>();
  private readonly ledger = memoryLedger();
  private records: Records | null = null;
  private baseline: Records['baseline'] = null;

  async commit(
    observations: readonly Observation[],
    nowMs: number,
    labels: readonly LateLabel[] = [],
    sender = '',
  ): Promise<void> {
    const senders = [{ sender, rows: observations.length }];
    const staged = this.monitored.stage({ observations, labels, senders }, nowMs);
    const join = await this.monitored.join(this.ledger, staged, nowMs);
    const counted = atOnce(staged.records(matchedIn(join), nowMs));
    this.records = counted.records;
    this.baseline = counted.records.baseline ?? this.baseline;
    for (const { windowStartMs, profile } of counted.records.windows) this.windows.set(windowStartMs, profile);
    for (const { windowStartMs, profile } of counted.records.amendments) {
      const before = this.windows.get(windowStartMs);
      this.windows.set(windowStartMs, before === undefined ? profile : mergeWindows(before, profile));
    }
    atOnce(this.monitored.settle({ staged, join, counted }, nowMs));
  }

  /** What comes is staged, and its transaction fails. */
  async refuse(observations: readonly Observation[], nowMs: number, labels: readonly LateLabel[] = []): Promise<void> {
    const senders = [{ sender: 'refused', rows: observations.length }];
    const staged = this.monitored.stage({ observations, labels, senders }, nowMs);
    const join = await this.monitored.join(memoryLedger(), staged, nowMs);
    atOnce(staged.records(matchedIn(join), nowMs));
  }

  /** Nothing more comes. */
  async end(nowMs: number): Promise<unknown> {
    do this.monitored.advance(nowMs, false);
    while (this.monitored.isBehind(nowMs));
    this.monitored.saveDetectorsSoon();
    await this.commit([], nowMs);
    const { calls, lastPredictionAtMs } = this.monitored.counters;
    return {
      calls,
      lastPredictionAtMs,
      detectors: this.records?.detectors,
      // When its rows had come is not what they say.
      baseline: this.monitored.baseline === null ? null : { ...this.monitored.baseline, learntUntilMs: null },
      learning: this.monitored.learning,
      window: this.monitored.window(),
      rows: this.monitored.modelState().rows,
      windows: this.storedWindows(),
    };
  }

  /** Calls that a process started now would find counted. */
  storedCalls(): number {
    const learnt = this.baseline ?? this.records?.learning;
    const unjudged = (learnt?.unjudged ?? []).reduce((sum, { counts }) => sum + counts.calls, 0);
    const inWindows = this.storedWindows().reduce((sum, [, { calls }]) => sum + calls, 0);
    return (learnt?.profile.calls ?? 0) + unjudged + inWindows;
  }

  get baselineCalls(): number | null {
    return this.baseline?.profile.calls ?? null;
  }

  /** What the last write held of the e-detectors. */
  get storedDetectors(): Records['detectors'] {
    return this.records?.detectors ?? null;
  }

  storedWindows(): readonly [number, Records['windows'][number]['profile']][] {
    return [...this.windows].sort(([a], [b]) => a - b);
  }
}

/** One row a second; every tenth pair has the same time. From the 700th on the model answers otherwise. */
export const rowsOf = (seed: number): Observation[] => {
  const random = seededRandom(`rows ${seed}`);
  return Array.from({ length: 1_000 }, (_, i) =>
    observation({
      atMs: START_MS + 1_000 * (i % 10 === 1 ? i - 1 : i),
      features: { x: random.next() + (i < 700 ? 0 : 0.4), side: random.next() < 0.5 ? 'left' : 'right' },
      prediction: random.next() < 0.5 ? 'yes' : 'no',
      confidence: 0.5 + 0.5 * random.next() * (i < 700 ? 1 : 0.5),
      label: 'yes',
    }),
  );
};
