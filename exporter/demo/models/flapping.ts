import type { SampleModel } from './sample-model.js';
import { answer, classOf, confidenceWithin } from './text-answer.js';

const MIN_BURST = 4;
const MIN_CALM = 10;

/** Answers well for 10–20 calls, then fails for 4–8, and so on: two calls in seven or so fail, never one alone. */
export const flapping: SampleModel = {
  name: 'flapping',
  description: 'Answers well, with bursts of HTTP 503 in between.',
  create: ({ random }) => {
    let failing = false;
    let left = MIN_CALM;
    return async (text) => {
      if (left === 0) {
        failing = !failing;
        const shortest = failing ? MIN_BURST : MIN_CALM;
        left = shortest + Math.floor(random.next() * (shortest + 1));
      }
      left -= 1;
      return failing
        ? { status: 503, body: { detail: 'no worker available' } }
        : answer(classOf(text), confidenceWithin(text, 0.8, 0.95, random));
    };
  },
};
