import type { SampleModel } from './sample-model.js';
import { answer, classOf } from './text-answer.js';

/** Longer than any caller waits. */
const ANSWER_AFTER_MS = 15_000;

/** Takes the call and answers 15 seconds later, when the caller has given up. */
export const broken: SampleModel = {
  name: 'broken',
  description: 'Answers after 15 seconds.',
  create:
    ({ clock }) =>
    async (text, signal) => {
      await clock.sleep(ANSWER_AFTER_MS, signal);
      return answer(classOf(text), 0.9);
    },
};
