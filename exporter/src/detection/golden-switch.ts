/** One answer to a golden input, as far as it shows whether answers repeat. */
export interface RepeatedAnswer {
  readonly goldenId: string;
  /** The answer, or a hash of it. */
  readonly answer: string;
  readonly confidence: number | null;
}

/** Answers that differ from the most frequent one to their input, and spread of the confidence: up to this, answers repeat. */
const CALM_FLIP_SHARE = 0.04;
const CALM_SPREAD = 0.05;
/** Times as much scatter as is calm that a switch is looked for behind; an odd answer needs none. */
const WORTH_EXPLAINING = 2;
/** Answers to each input that a period needs to stand for how the model answers, and that both need together to be told apart. */
const FEWEST_SINCE = 2;
const FEWEST_TOGETHER = 3;

/** How much answers to the same input differ. */
interface Scatter {
  /** Answers that are not the most frequent one to their input. */
  readonly flips: number;
  /** Σ(confidence − mean of its input)². */
  readonly squares: number;
}

/**
 * Newest answers of one period. A model that was replaced answers each input one way up to a moment and another way from then on:
 * that is a change and no scatter, which needs answers that alternate within a period. The moment is the one that leaves least
 * scatter on its two sides (as a regression tree splits, Breiman 1984), and it counts where what it leaves is calm.
 * @param answers oldest first
 * @returns index of the first, and of the one behind the last: those since the switch once each input was answered twice since,
 *   those before it until then; all where there was none
 */
export function onePeriod(answers: readonly RepeatedAnswer[]): readonly [from: number, to: number] {
  const all = answers.length;
  const fewest = (from: number): number => fewestPerInput(answers, from);
  if (restlessness(scatterOf(answers), all) <= WORTH_EXPLAINING || fewest(0) < FEWEST_TOGETHER) return [0, all];
  let best: { readonly at: number; readonly left: number } | null = null;
  for (let at = 1; at < all; at += 1) {
    const [before, since] = [scatterOf(answers.slice(0, at)), scatterOf(answers.slice(at))];
    const within = { flips: before.flips + since.flips, squares: before.squares + since.squares };
    const left = restlessness(within, all);
    if (left <= 1 && left < (best?.left ?? Infinity)) best = { at, left };
  }
  if (best === null) return [0, all];
  return fewest(best.at) >= FEWEST_SINCE ? [best.at, all] : [0, best.at];
}

/** Scatter as a multiple of what is calm. */
const restlessness = ({ flips, squares }: Scatter, answers: number): number =>
  Math.max(flips / answers / CALM_FLIP_SHARE, Math.sqrt(squares / answers) / CALM_SPREAD);

/** Answers from `from` on to the input that has fewest of them. */
function fewestPerInput(answers: readonly RepeatedAnswer[], from: number): number {
  const counts = new Map(answers.map(({ goldenId }) => [goldenId, 0]));
  for (const { goldenId } of answers.slice(from)) counts.set(goldenId, (counts.get(goldenId) ?? 0) + 1);
  return Math.min(...counts.values());
}

function scatterOf(answers: readonly RepeatedAnswer[]): Scatter {
  const inputs = new Map<string, { readonly counts: Map<string, number>; readonly confidences: number[] }>();
  for (const { goldenId, answer, confidence } of answers) {
    const input = inputs.get(goldenId) ?? { counts: new Map<string, number>(), confidences: [] };
    input.counts.set(answer, (input.counts.get(answer) ?? 0) + 1);
    if (confidence !== null) input.confidences.push(confidence);
    inputs.set(goldenId, input);
  }
  let [flips, squares] = [0, 0];
  for (const { counts, confidences } of inputs.values()) {
    const times = [...counts.values()];
    flips += times.reduce((sum, count) => sum + count, 0) - Math.max(...times);
    const mean = confidences.reduce((sum, value) => sum + value, 0) / Math.max(1, confidences.length);
    squares += confidences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  }
  return { flips, squares };
}
