import type { Features } from '../../domain/observation.js';

/** What a model says of a row, as one number (confidence or numeric answer); null when it gave no usable answer. */
export type AskModel = (features: Features) => Promise<number | null>;

export interface CallerLimits {
  readonly calls: number;
  /** Pause after each call. */
  readonly pauseMs: number;
  /** Failures in a row after which nothing more is asked: an experiment must not add to an outage. */
  readonly failuresInRow: number;
}

/** How a model is asked during an investigation. */
export interface ModelCaller {
  /** @returns null when the budget is spent, the model is failing, or it gave no usable answer */
  ask(features: Features): Promise<number | null>;
  readonly callsLeft: number;
  readonly calls: number;
  readonly failures: number;
  /** True when too many calls in a row failed. */
  readonly gaveUp: boolean;
}

const keyOf = (features: Features): string =>
  JSON.stringify(Object.entries(features).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** Wraps a model: asks each distinct row once, one at a time, politely, within the budget, and stops when the model fails. */
export function createModelCaller(
  ask: AskModel,
  limits: CallerLimits,
  pause: (ms: number) => Promise<void>,
): ModelCaller {
  const answers = new Map<string, number>();
  let calls = 0;
  let failures = 0;
  let inRow = 0;
  return {
    async ask(features) {
      const key = keyOf(features);
      const known = answers.get(key);
      if (known !== undefined) return known;
      if (calls >= limits.calls || inRow >= limits.failuresInRow) return null;
      if (calls > 0 && limits.pauseMs > 0) await pause(limits.pauseMs);
      calls += 1;
      const answer = await ask(features);
      if (answer === null || !Number.isFinite(answer)) {
        failures += 1;
        inRow += 1;
        return null;
      }
      inRow = 0;
      answers.set(key, answer);
      return answer;
    },
    get callsLeft() {
      return Math.max(0, limits.calls - calls);
    },
    get calls() {
      return calls;
    },
    get failures() {
      return failures;
    },
    get gaveUp() {
      return inRow >= limits.failuresInRow;
    },
  };
}
