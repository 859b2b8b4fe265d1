import { answerText, type FeatureValue, type Observation } from '../../domain/observation.js';
import { valueCells } from '../../statistics/value-cells.js';

const FEWEST_ROWS = 100;
/** Part of the variance of "is it this class" that one input must explain in the baseline (η²), beyond what chance explains. */
const LEAST_EXPLAINED = 0.1;

/**
 * By how much the predictions follow the input they followed most in the baseline: the slope, over the values of that input, of the
 * share of the commonest class now on the share before, both from their means. 1: as before · −1: the other way round. Null where
 * rows are few or no single input says much of the predictions.
 */
export function answersFollowInputs(rows: readonly Observation[], baselineRows: readonly Observation[]): number | null {
  const [before, now] = [baselineRows.flatMap(answered), rows.flatMap(answered)];
  if (Math.min(before.length, now.length) < FEWEST_ROWS) return null;
  const commonest = mostFrequent(before.map(({ answer }) => answer));
  let best: Followed | null = null;
  for (const feature of new Set(before.flatMap(({ features }) => Object.keys(features)))) {
    const followed = followedIn(feature, commonest, before, now);
    if (followed.explained >= (best?.explained ?? LEAST_EXPLAINED)) best = followed;
  }
  return best?.slope ?? null;
}

interface Answered {
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly answer: string;
}
interface Followed {
  readonly explained: number;
  readonly slope: number;
}

const answered = ({ features, prediction }: Observation): Answered[] =>
  features === null || prediction === null ? [] : [{ features, answer: answerText(prediction) }];

function mostFrequent(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

function followedIn(feature: string, answer: string, before: readonly Answered[], now: readonly Answered[]): Followed {
  const cellOf = valueCells(before.map(({ features }) => features[feature] ?? null));
  const cells = new Map<string, { m: number; p: number; n: number; q: number }>();
  const cellAt = (row: Answered): { m: number; p: number; n: number; q: number } => {
    const name = cellOf(row.features[feature] ?? null);
    const cell = cells.get(name) ?? { m: 0, p: 0, n: 0, q: 0 };
    cells.set(name, cell);
    return cell;
  };
  for (const row of before) {
    const cell = cellAt(row);
    cell.m += 1;
    if (row.answer === answer) cell.p += 1;
  }
  for (const row of now) {
    const cell = cellAt(row);
    cell.n += 1;
    if (row.answer === answer) cell.q += 1;
  }
  const [p, q] = [shareOf(before, answer), shareOf(now, answer)];
  let [between, both, squares] = [0, 0, 0];
  for (const cell of cells.values()) {
    if (cell.m === 0) continue;
    const was = cell.p / cell.m - p;
    between += (cell.m / before.length) * was ** 2;
    if (cell.n === 0) continue;
    both += cell.n * was * (cell.q / cell.n - q);
    squares += cell.n * was ** 2;
  }
  const byChance = (cells.size - 1) / before.length;
  const explained = p === 0 || p === 1 ? 0 : between / (p * (1 - p)) - byChance;
  return { explained: squares === 0 ? 0 : explained, slope: both / squares };
}

const shareOf = (rows: readonly Answered[], answer: string): number =>
  rows.filter((row) => row.answer === answer).length / rows.length;
