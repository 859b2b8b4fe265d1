import type { SampleModel } from './sample-model.js';
import { answer, classOf, confidenceWithin } from './text-answer.js';

/** When and how fast confidence decays. */
export interface DecayPlan {
  /** Calls answered in full health first. */
  readonly afterCalls: number;
  /** Confidence lost per call from then on. */
  readonly perCall: number;
}

/** From the first call, 0.95 → 0.35 within 150 calls: the decay shows in a single evaluation. */
export const IMMEDIATE_DECAY: DecayPlan = { afterCalls: 0, perCall: 0.004 };

const LOWEST = 0.25;

/** Starts like the healthy model; then every call costs it some confidence, down to 0.25. Its answers stay the same. */
export const drifting = (plan: DecayPlan): SampleModel => ({
  name: 'drifting',
  description: 'Answers consistently, with a confidence that decays call by call.',
  create: ({ random }) => {
    let calls = 0;
    return async (text) => {
      const lost = Math.max(0, calls - plan.afterCalls) * plan.perCall;
      calls += 1;
      return answer(classOf(text), Math.max(LOWEST, confidenceWithin(text, 0.85, 0.95, random) - lost));
    };
  },
});
