import type { SampleModel } from './sample-model.js';
import { answer, classOf } from './text-answer.js';

/** Draws its answer and a confidence from 0–1 by lot: asked the same twice, it says something else. */
export const random: SampleModel = {
  name: 'random',
  description: 'Answers by lot, with confidence anywhere from 0 to 1.',
  create:
    ({ random: lot }) =>
    async () =>
      answer(classOf(String(lot.next())), lot.next()),
};
