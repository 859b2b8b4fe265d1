import { failureCount, type LabelCounts, type WindowProfile } from '../domain/profile.js';
import { addLabels, labelledShare } from '../statistics/label-counts.js';
import { createLabelTally, type LabelTally } from '../statistics/label-tally.js';
import { DelayQuantile } from './delay-quantile.js';
import type { MatchedLabel } from './label-joiner.js';
import { copied } from './copied.js';

/** At most this share of the labels comes later than a window must be old to be compared by its labels. */
const LATE_SHARE = 0.1;
/** An answer that came later than this came with a history: what is sent at once does not show how late labels come. */
const HISTORY_MS = 600_000;
/** All labels of histories together weigh as much as so many of answers that came when they were given. */
const WEIGHT_OF_HISTORY = 50;
/** From this share of the labels that answers come to have in the end, a window has had its labels, however old it is. */
const COVERED = 1 - LATE_SHARE;
/** A week of windows of five minutes. */
export const LABELLED_WINDOWS_KEPT = 2_016;

/** One window's answers, and the labels that came for them. */
export interface LabelledWindow {
  readonly windowStartMs: number;
  readonly answers: number;
  readonly labels: LabelCounts;
}

/** Labels of one window, by its start. */
export type LabelsOfWindow = readonly [windowStartMs: number, judged: readonly MatchedLabel[]];

/**
 * Labels of windows that are judged no more, for as long as labels may still come, and how old a window must be to have most
 * of its own: a baseline has had its labels, so windows are compared with it once they have had theirs.
 */
export class LabelHistory {
  private delays: DelayQuantile;
  private delaysInHistory = new DelayQuantile();
  /** Oldest first. */
  private windows: LabelledWindow[] = [];

  constructor(delays: readonly number[] = []) {
    this.delays = new DelayQuantile(delays);
  }

  copy(): LabelHistory {
    const copy = copied(this);
    copy.delays = new DelayQuantile(this.delays.snapshot());
    copy.delaysInHistory = new DelayQuantile(this.delaysInHistory.snapshot());
    return copy;
  }

  /** Takes note of how long after its answer a label came. */
  came({ atMs, predictedAtMs, answeredAtMs }: Omit<MatchedLabel, 'label'>, nowMs: number): void {
    // A label that names the time of its answer says nothing of when it was known.
    const knownAtMs = atMs > predictedAtMs ? Math.min(atMs, nowMs) : nowMs;
    // One that arrived later than now did so by a clock that was ahead.
    const arrivedAtMs = answeredAtMs === null || answeredAtMs > nowMs ? predictedAtMs : answeredAtMs;
    const delays = arrivedAtMs - predictedAtMs > HISTORY_MS ? this.delaysInHistory : this.delays;
    delays.add(knownAtMs - (knownAtMs < arrivedAtMs ? predictedAtMs : arrivedAtMs));
  }

  /** How long after an answer nine labels of ten have come, ms. */
  get ageMs(): number {
    return this.delays.exceededBy(LATE_SHARE, this.delaysInHistory.weighing(WEIGHT_OF_HISTORY));
  }

  get learntDelays(): readonly number[] {
    const history = this.delaysInHistory.weighing(WEIGHT_OF_HISTORY);
    return this.delays.snapshot().map((count, i) => count + (history[i] ?? 0));
  }

  /**
   * The window with the labels it is compared by: its own where it has had them, and those of older answers where it is too
   * young.
   * @param lengthMs labels that come within so long are not waited for
   * @param sharedBefore share of the baseline's answers that have their label
   * @param older labels of answers that are old enough
   */
  labelled(
    window: WindowProfile,
    lengthMs: number,
    sharedBefore: number | null,
    older: () => LabelCounts & { readonly ofAnswers: number },
  ): WindowProfile {
    const { ageMs } = this;
    if (ageMs < lengthMs) return window;
    const labels = older();
    const expected = labelledShare({ ...window, labels }) ?? sharedBefore ?? 0;
    const hasHadThem = (labelledShare(window) ?? 0) >= COVERED * expected;
    return hasHadThem ? window : { ...window, labels: { ...labels, dueAfterMs: ageMs } };
  }

  /** Goes on from what is stored. @param windows oldest first */
  restore(windows: readonly LabelledWindow[]): void {
    this.windows = windows.slice(-LABELLED_WINDOWS_KEPT);
  }

  /** A window has left memory. */
  keep(window: LabelledWindow): void {
    this.windows = [...this.windows, window].slice(-LABELLED_WINDOWS_KEPT);
  }

  /** Labels came for windows that have left memory. @param like lends the grid of the answers */
  add(came: readonly LabelsOfWindow[], like: WindowProfile): void {
    if (came.length === 0) return;
    const answers = like.signals.get('prediction');
    const grid = answers?.kind === 'numeric' ? answers.grid : null;
    const tallies = new Map<number, LabelTally>();
    for (const [startMs, judged] of came) {
      const tally = tallies.get(startMs) ?? createLabelTally();
      tallies.set(startMs, tally);
      for (const { label } of judged) tally.add(label, grid);
    }
    this.windows = this.windows.map((window) => {
      const labels = tallies.get(window.windowStartMs)?.build();
      return labels === undefined ? window : { ...window, labels: addLabels(window.labels, labels) };
    });
  }

  forget(): void {
    this.windows = [];
  }

  /**
   * Labels of the newest windows, with how many answers they are of.
   * @param newer windows in memory, oldest first
   * @param untilMs windows that start later are not old enough
   * @param answers of so many answers where there are that many
   */
  newest(newer: readonly LabelledWindow[], untilMs: number, answers: number): LabelCounts & { ofAnswers: number } {
    let labels = addLabels();
    let ofAnswers = 0;
    for (const window of [...this.windows, ...newer].reverse()) {
      if (window.windowStartMs > untilMs) continue;
      if (ofAnswers >= answers) break;
      labels = addLabels(window.labels, labels);
      ofAnswers += window.answers;
    }
    return { ...labels, ofAnswers };
  }
}

/** What stays of a window once it is judged no more. */
export const labelledWindow = ({
  windowStartMs,
  profile,
}: {
  readonly windowStartMs: number;
  readonly profile: WindowProfile;
}): LabelledWindow => ({
  windowStartMs,
  answers: profile.calls - failureCount(profile),
  labels: profile.labels,
});
