import { has, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

/** Answers come, but late. */
export const slowEndpoint: CauseDefinition = {
  id: 'slow-endpoint',
  predicts: 'latency rises while answers stay the same',
  prior: -2,
  hypotheses(evidence) {
    if (!has(evidence, 'latency-regression')) return [];
    const timeouts = evidence.service.failuresByReason.timeout ?? 0;
    return [
      {
        title: 'Slow endpoint',
        features: [],
        shareExplained: null,
        statements: weigh(
          [true, sentenceOf(evidence, 'latency-regression'), 4.5],
          [timeouts > 0, `${timeouts} calls even timed out.`, 1],
          [evidence.service.failures.share > 0.3, 'Most of the trouble is failing calls, not slow ones.', -3],
          [has(evidence, 'golden-answers'), 'Answers changed too, which slowness alone does not do.', -2],
        ),
      },
    ];
  },
};
