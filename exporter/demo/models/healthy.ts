import type { SampleModel } from './sample-model.js';
import { answer, classOf, confidenceWithin } from './text-answer.js';

/** Sure of itself (0.80–0.95) and consistent: what the others are compared with. */
export const healthy: SampleModel = {
  name: 'healthy',
  description: 'Answers every text the same way each time, with confidence 0.80–0.95.',
  create:
    ({ random }) =>
    async (text) =>
      answer(classOf(text), confidenceWithin(text, 0.8, 0.95, random)),
};
