import type { Observation } from '../domain/observation.js';
import type { GoldenBaseline } from '../domain/profile.js';
import { goldenKey, sameAnswerAmong } from '../statistics/token-overlap.js';

/** How golden inputs were answered: salted hashes of the answers, moments of the confidence. */
export interface GoldenMemory {
  /** Observations that are no golden answers, or failed, are ignored. */
  add(observation: Observation, shape: string | null): void;
  build(): GoldenBaseline[];
}

interface Remembered {
  answers: number;
  readonly answerHashes: Map<string, number>;
  confidences: number;
  mean: number;
  /** Σ(x − mean)², by Welford's update. */
  squares: number;
  shape: string;
}

/** @param hash salted one-way hash; @param from answers remembered earlier */
export function createGoldenMemory(hash: (text: string) => string, from: readonly GoldenBaseline[] = []): GoldenMemory {
  const inputs = new Map<string, Remembered>();
  for (const known of from) {
    const mean = known.confidenceMean ?? 0;
    const sd = known.confidenceStandardDeviation ?? 0;
    inputs.set(known.goldenId, {
      answers: known.answers,
      answerHashes: new Map(Object.entries(known.answerHashes)),
      confidences: known.confidenceMean === null ? 0 : known.answers,
      mean,
      squares: sd ** 2 * Math.max(0, known.answers - 1),
      shape: known.shape,
    });
  }
  return {
    add(observation, shape) {
      const { goldenId, confidence } = observation;
      if (goldenId === null || observation.failure !== null) return;
      let input = inputs.get(goldenId);
      if (input === undefined) {
        input = { answers: 0, answerHashes: new Map(), confidences: 0, mean: 0, squares: 0, shape: shape ?? '' };
        inputs.set(goldenId, input);
      }
      const hashed = sameAnswerAmong(input.answerHashes.keys(), goldenKey(observation, hash));
      input.answers += 1;
      input.answerHashes.set(hashed, (input.answerHashes.get(hashed) ?? 0) + 1);
      if (shape !== null) input.shape = shape;
      if (confidence === null) return;
      input.confidences += 1;
      const difference = confidence - input.mean;
      input.mean += difference / input.confidences;
      input.squares += difference * (confidence - input.mean);
    },
    build: () =>
      [...inputs].map(([goldenId, input]) => ({
        goldenId,
        answers: input.answers,
        answerHashes: Object.fromEntries(input.answerHashes),
        confidenceMean: input.confidences === 0 ? null : input.mean,
        confidenceStandardDeviation:
          input.confidences === 0 ? null : Math.sqrt(input.squares / Math.max(1, input.confidences - 1)),
        shape: input.shape,
      })),
  };
}
