import type { SampleModel } from './sample-model.js';
import { answer, classOf, confidenceWithin } from './text-answer.js';

/** Longer than any caller waits. */
const ANSWER_AFTER_MS = 15_000;

/**
 * Takes the call and answers 15 seconds later, when the caller has given up.
 * @param afterCalls answered well before it breaks: a model that has never answered is no broken one to whoever watches it
 */
export const broken = (afterCalls: number): SampleModel => ({
  name: 'broken',
  description: 'Answers after 15 seconds.',
  create: ({ clock, random }) => {
    let calls = 0;
    return async (text, signal) => {
      calls += 1;
      if (calls <= afterCalls) return answer(classOf(text), confidenceWithin(text, 0.85, 0.95, random));
      await clock.sleep(ANSWER_AFTER_MS, signal);
      return answer(classOf(text), 0.9);
    };
  },
});
