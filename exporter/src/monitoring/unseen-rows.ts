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
   * @param labels those that came just now
   */
  counts(
    areSaved: boolean,
    { before, waits }: LearningPeriod,
    labels: readonly MatchedLabel[],
    limits: WindowLimits,
  ): WindowProfile {
    if (!areSaved) this.countJudged(before, limits);
    const rows = areSaved || this.judged === null ? waits : mergeWindows(this.judged, waits);
    const own = [...this.labels, ...labels].filter(
      ({ predictedAtMs }) => rows.calls > 0 && predictedAtMs >= rows.fromMs && predictedAtMs <= rows.toMs,
    );
    return withCounted(before, rows, { rows: [], labels: own }, limits);
  }

  private countJudged(before: WindowProfile, limits: WindowLimits): void {
    if (this.uncounted.length === 0) return;
    const counted = withCounted(before, this.judged, { rows: this.uncounted, labels: [] }, limits);
    const signals = [...counted.signals].map(
      ([key, part]) => [key, namedAlike(before.signals.get(key), part)] as const,
    );
    this.judged = { ...counted, signals: new Map(signals) };
    this.uncounted = [];
  }
}

/** What a learning period counts. */
export interface LearningPeriod {
  /** Rows that the e-detectors have seen; their grids and names of categories are those of all. */
  readonly before: WindowProfile;
  /** Rows that wait to be judged. */
  readonly waits: WindowProfile;
}

/** From the first to the last answer of rows. */
export const spanOf = (rows: readonly ArrivedRow[]): Pick<WindowProfile, 'fromMs' | 'toMs'> =>
  rows.reduce(({ fromMs, toMs }, { row }) => ({ fromMs: Math.min(fromMs, row.atMs), toMs: Math.max(toMs, row.atMs) }), {
    fromMs: Infinity,
    toMs: -Infinity,
  });

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
