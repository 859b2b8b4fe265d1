import type { CauseId } from '../../exporter/src/domain/cause.js';
import type { Example } from './training-set.js';

export interface Fitted {
  readonly prior: number;
  readonly indicators: readonly number[];
}
export type Weights = ReadonlyMap<CauseId, Fitted>;

const ROUNDS = 500;
const STEP = 0.05;
/** Adam's constants (Kingma & Ba 2015). */
const [MOMENT, SECOND_MOMENT, TINY] = [0.9, 0.999, 1e-8];

/** Probability of every hypothesis of an example. */
export function probabilities({ hypotheses }: Example, weights: Weights, temperature = 1): number[] {
  const scores = hypotheses.map(({ cause, indicators }) => {
    const fitted = weights.get(cause);
    if (fitted === undefined) return 0;
    return indicators.reduce((sum, value, i) => sum + value * (fitted.indicators[i] ?? 0), fitted.prior) / temperature;
  });
  const highest = Math.max(...scores);
  const exp = scores.map((score) => Math.exp(score - highest));
  const total = exp.reduce((sum, value) => sum + value, 0);
  return exp.map((value) => value / total);
}

/** Mean negative log-likelihood of the right hypotheses. */
export function loss(examples: readonly Example[], weights: Weights, temperature = 1): number {
  return (
    examples.reduce((sum, example) => {
      const p = probabilities(example, weights, temperature);
      const right = example.hypotheses.reduce((total, { isRight }, i) => total + (isRight ? (p[i] ?? 0) : 0), 0);
      return sum - Math.log(Math.max(1e-12, right));
    }, 0) / examples.length
  );
}

/**
 * Conditional logit (McFadden 1974) with one weight per cause and indicator, maximum likelihood with an L2 penalty, full-batch
 * gradient steps by Adam. Convex where every example has one right hypothesis.
 * @param importance how much an example of a kind counts
 */
export function fitConditionalLogit(
  examples: readonly Example[],
  signCount: number,
  penalty: number,
  importance: (kind: string) => number = () => 1,
): Weights {
  const causes = [...new Set(examples.flatMap(({ hypotheses }) => hypotheses.map(({ cause }) => cause)))];
  const offsetOf = new Map(causes.map((cause, i) => [cause, i * (signCount + 1)]));
  const size = causes.length * (signCount + 1);
  const [weights, first, second, gradient] = [0, 0, 0, 0].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const at = (vector: Float64Array, i: number): number => vector[i] ?? 0;
  const total = examples.reduce((sum, { kind }) => sum + importance(kind), 0);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (let i = 0; i < size; i += 1) gradient[i] = penalty * at(weights, i);
    for (const { hypotheses, kind } of examples) {
      const scores = hypotheses.map(({ cause, indicators }) => {
        const offset = offsetOf.get(cause) ?? 0;
        return indicators.reduce((sum, value, i) => sum + value * at(weights, offset + 1 + i), at(weights, offset));
      });
      const highest = Math.max(...scores);
      const exp = scores.map((score) => Math.exp(score - highest));
      const all = exp.reduce((sum, value) => sum + value, 0);
      const right = hypotheses.reduce((sum, { isRight }, i) => sum + (isRight ? (exp[i] ?? 0) : 0), 0);
      hypotheses.forEach(({ cause, indicators, isRight }, i) => {
        const pull = (exp[i] ?? 0) / all - (isRight ? (exp[i] ?? 0) / right : 0);
        const scaled = (pull * importance(kind)) / total;
        const offset = offsetOf.get(cause) ?? 0;
        gradient[offset] = at(gradient, offset) + scaled;
        indicators.forEach((value, j) => {
          gradient[offset + 1 + j] = at(gradient, offset + 1 + j) + scaled * value;
        });
      });
    }
    for (let i = 0; i < size; i += 1) {
      const slope = at(gradient, i);
      first[i] = MOMENT * at(first, i) + (1 - MOMENT) * slope;
      second[i] = SECOND_MOMENT * at(second, i) + (1 - SECOND_MOMENT) * slope * slope;
      const unbiased = at(first, i) / (1 - MOMENT ** round);
      const scale = Math.sqrt(at(second, i) / (1 - SECOND_MOMENT ** round)) + TINY;
      weights[i] = at(weights, i) - (STEP * unbiased) / scale;
    }
  }
  return new Map(
    causes.map((cause) => {
      const offset = offsetOf.get(cause) ?? 0;
      return [
        cause,
        { prior: at(weights, offset), indicators: [...weights.subarray(offset + 1, offset + 1 + signCount)] },
      ] as const;
    }),
  );
}

/** Expected calibration error of the top hypothesis over ten equal bins of its probability. */
export function calibrationError(tops: readonly { readonly probability: number; readonly isRight: boolean }[]): number {
  let error = 0;
  for (let bin = 0; bin < 10; bin += 1) {
    const inside = tops.filter(({ probability }) => Math.min(9, Math.floor(10 * probability)) === bin);
    if (inside.length === 0) continue;
    const mean = inside.reduce((sum, { probability }) => sum + probability, 0) / inside.length;
    const right = inside.filter(({ isRight }) => isRight).length / inside.length;
    error += (inside.length / tops.length) * Math.abs(mean - right);
  }
  return error;
}
