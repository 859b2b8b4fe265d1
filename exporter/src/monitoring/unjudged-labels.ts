import type { UnjudgedRows } from '../domain/profile.js';
import { emptyWindow } from '../statistics/window-profile.js';
import { withCounted } from './countable.js';
import type { MatchedLabel } from './label-joiner.js';

/** Labels by whether their answers were lost before they were judged. */
export interface SplitLabels {
  /** The lost rows with their labels. */
  readonly unjudged: readonly UnjudgedRows[] | undefined;
  /** Labels of other answers. */
  readonly others: readonly MatchedLabel[];
}

const isOf =
  ({ counts: { fromMs, toMs }, cameUntilMs }: UnjudgedRows) =>
  ({ predictedAtMs, answeredAtMs }: MatchedLabel): boolean =>
    predictedAtMs >= fromMs && predictedAtMs <= toMs && (answeredAtMs ?? -Infinity) <= cameUntilMs;

/** Labels go where their answers went: those of lost rows to these, the first that may hold them. */
export function splitLabels(
  unjudged: readonly UnjudgedRows[] | undefined,
  labels: readonly MatchedLabel[],
): SplitLabels {
  let others = labels;
  if (unjudged === undefined || labels.length === 0) return { unjudged, others };
  const labelled = unjudged.map((rows) => {
    const own = others.filter(isOf(rows));
    if (own.length === 0) return rows;
    others = others.filter((label) => !own.includes(label));
    const { counts } = rows;
    const { labels: sum } = withCounted(counts, { ...emptyWindow(), labels: counts.labels }, { rows: [], labels: own });
    return { ...rows, counts: { ...counts, labels: sum } };
  });
  return { unjudged: labelled, others };
}
