import type { SampleModel } from './sample-model.js';
import { answer } from './text-answer.js';

/** Says the same, equally sure, whatever it is asked: alive to every health check, of no use to anybody. */
export const silent: SampleModel = {
  name: 'silent',
  description: 'Gives one constant answer whatever the text.',
  create: () => async () => answer('neutral', 0.9),
};
