import type { SignalCounts, WindowProfile } from '../domain/profile.js';
import { mergeWindows, type WindowLimits } from '../statistics/window-profile.js';
import { withCounted, type ArrivedRow } from './countable.js';
import { copied } from './copied.js';
import type { MatchedLabel } from './label-joiner.js';

/**
 * What a learning period counts and the e-detectors, as they are stored, have not seen: were the process ended now, nobody could
 * say whether these rows were steady.
 */
export class UnseenRows {
  /** What the e-detectors in memory have seen and no stored ones; counted when they are asked for, each row once. */
  private judged: WindowProfile | null = null;
  private uncounted: ArrivedRow[] = [];
  private labels: MatchedLabel[] = [];

  /** The same, to be left as it is. */
  copy(): UnseenRows {
    const copy = copied(this);
    copy.uncounted = [...this.uncounted];
    copy.labels = [...this.labels];
    return copy;
  }

  /** The e-detectors in memory have seen the row. */
  add(row: ArrivedRow): void {
    this.uncounted.push(row);
  }

  /** Labels that came after their answers are counted. */
  addLabels(labels: readonly MatchedLabel[]): void {
    for (const label of labels) this.labels.push(label);
  }

  /** The e-detectors are stored. @param reachedMs rows that wait are not older; null before the first was judged */
  saved(reachedMs: number | null): void {
    this.forgetJudged();
    this.labels = this.labels.filter(({ predictedAtMs }) => predictedAtMs >= (reachedMs ?? -Infinity));
  }

  clear(): void {
    this.forgetJudged();
    this.labels = [];
  }

  private forgetJudged(): void {
    this.judged = null;
    this.uncounted = [];
  }

  /**
   * Their counts.
   * @param areSaved the e-detectors are stored with this: only rows that wait are unseen
   * @param waits counts of rows that wait to be judged
   * @param labels those that came just now
   * @param period the counts that hold them all
   */
  counts(
    areSaved: boolean,
    waits: WindowProfile,
    labels: readonly MatchedLabel[],
    period: WindowProfile,
    limits: WindowLimits,
  ): WindowProfile {
    if (!areSaved) this.countJudged(period, limits);
    const rows = areSaved || this.judged === null ? waits : mergeWindows(this.judged, waits);
    const own = [...this.labels, ...labels].filter(
      ({ predictedAtMs }) => rows.calls > 0 && predictedAtMs >= rows.fromMs && predictedAtMs <= rows.toMs,
    );
    const counted = withCounted(period, rows, { rows: [], labels: own }, limits);
    const signals = [...counted.signals].map(
      ([key, part]) => [key, namedAlike(period.signals.get(key), part)] as const,
    );
    return { ...counted, signals: new Map(signals) };
  }

  private countJudged(period: WindowProfile, limits: WindowLimits): void {
    if (this.uncounted.length === 0) return;
    this.judged = withCounted(period, this.judged, { rows: this.uncounted, labels: [] }, limits);
    this.uncounted = [];
  }
}

/** A category for which the whole had no more room is one of its others. */
function namedAlike(whole: SignalCounts | undefined, part: SignalCounts): SignalCounts {
  if (whole?.kind !== 'categorical' || part.kind !== 'categorical') return part;
  const categories = new Map<string, number>();
  let { other } = part;
  for (const [category, count] of part.categories) {
    if (whole.categories.has(category)) categories.set(category, count);
    else other += count;
  }
  return { ...part, categories, other };
}
