import type { SampleModel } from './sample-model.js';
import { answer, classOf, confidenceWithin } from './text-answer.js';

/** Consistent but never sure (0.10–0.30), from its first answer on. */
export const lowConfidence: SampleModel = {
  name: 'low-confidence',
  description: 'Answers consistently, with confidence 0.10–0.30.',
  create:
    ({ random }) =>
    async (text) =>
      answer(classOf(text), confidenceWithin(text, 0.1, 0.3, random)),
};
