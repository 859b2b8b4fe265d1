import type { LabelCounts } from '../domain/profile.js';
import { addLabels } from '../statistics/label-counts.js';
import { DelayQuantile } from './delay-quantile.js';

/** At most this share of the labels comes later than a window must be old to be compared by its labels. */
const LATE_SHARE = 0.1;
/** A week of windows of five minutes. */
const WINDOWS_KEPT = 2_016;

/** One window's answers, and the labels that came for them. */
export interface LabelledWindow {
  readonly windowStartMs: number;
  readonly answers: number;
  readonly labels: LabelCounts;
}

/**
 * Labels of windows that are judged no more, for as long as labels may still come, and how old a window must be to have most
 * of its own: a baseline has had its labels, so windows are compared with it once they have had theirs.
 */
export class LabelHistory {
  private readonly delays: DelayQuantile;
  /** Oldest first. */
  private windows: LabelledWindow[] = [];

  constructor(delays: readonly number[] = []) {
    this.delays = new DelayQuantile(delays);
  }

  /** A label came so long after its answer. */
  came(delayMs: number): void {
    this.delays.add(delayMs);
  }

  /** How long after an answer nine labels of ten have come, ms. */
  get ageMs(): number {
    return this.delays.exceededBy(LATE_SHARE);
  }

  get learntDelays(): readonly number[] {
    return this.delays.snapshot();
  }

  /** A window has left memory. */
  keep(window: LabelledWindow): void {
    this.windows = [...this.windows, window].slice(-WINDOWS_KEPT);
  }

  /** Labels came for a window that has left memory. */
  add(windowStartMs: number, labels: LabelCounts): void {
    this.windows = this.windows.map((window) =>
      window.windowStartMs === windowStartMs ? { ...window, labels: addLabels(window.labels, labels) } : window,
    );
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
