import type { SignalCounts, WindowProfile } from '../domain/profile.js';
import type { WindowLimits } from '../statistics/window-profile.js';
import { withCounted, type ArrivedRow } from './countable.js';
import type { MatchedLabel } from './label-joiner.js';

/**
 * What a learning period counts and the e-detectors, as they are stored, have not seen: were the process ended now, nobody could
 * say whether these rows were steady.
 */
export class UnseenRows {
  private judged: ArrivedRow[] = [];
  private labels: MatchedLabel[] = [];

  /** The same, to be left as it is. */
  copy(): UnseenRows {
    const copy = new UnseenRows();
    copy.judged = [...this.judged];
    copy.labels = [...this.labels];
    return copy;
  }

  /** The e-detectors in memory have seen the row. */
  add(row: ArrivedRow): void {
    this.judged.push(row);
  }

  /** Labels that came after their answers are counted. */
  addLabels(labels: readonly MatchedLabel[]): void {
    for (const label of labels) this.labels.push(label);
  }

  /** The e-detectors are stored. @param reachedMs rows that wait are not older; null before the first was judged */
  saved(reachedMs: number | null): void {
    this.judged = [];
    this.labels = this.labels.filter(({ predictedAtMs }) => predictedAtMs >= (reachedMs ?? -Infinity));
  }

  clear(): void {
    this.judged = [];
    this.labels = [];
  }

  /**
   * Their counts.
   * @param areSaved the e-detectors are stored with this: only rows that wait are unseen
   * @param waiting rows that wait to be judged
   * @param labels those that came just now
   * @param period the counts that hold them all
   */
  counts(
    areSaved: boolean,
    waiting: readonly ArrivedRow[],
    labels: readonly MatchedLabel[],
    period: WindowProfile,
    limits: WindowLimits,
  ): WindowProfile {
    const rows = areSaved ? waiting : [...this.judged, ...waiting];
    const { fromMs, toMs } = rows.reduce(
      (range, { row }) => ({ fromMs: Math.min(range.fromMs, row.atMs), toMs: Math.max(range.toMs, row.atMs) }),
      { fromMs: Infinity, toMs: -Infinity },
    );
    const own = [...this.labels, ...labels].filter(
      ({ predictedAtMs }) => predictedAtMs >= fromMs && predictedAtMs <= toMs,
    );
    const counted = withCounted(period, null, { rows, labels: own }, limits);
    const signals = [...counted.signals].map(
      ([key, part]) => [key, namedAlike(period.signals.get(key), part)] as const,
    );
    return { ...counted, signals: new Map(signals) };
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
