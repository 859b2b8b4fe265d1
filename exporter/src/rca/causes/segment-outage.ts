import { callsFail } from './calls-fail.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * One group of users gets no answers, or no longer comes at all.
 * Predicts: failures in one group only, or one group gone while the rest keeps its proportions.
 */
export const segmentOutage: CauseDefinition = {
  id: 'segment-outage',
  leadIndicators: ['failures-in-one-group', 'a-group-stopped-coming'],
  expects: ['calls-fail'],
  excludes: ['event-declared', 'renamed', 'usual-at-this-hour'],
  hypotheses(symptoms) {
    const { failuresBySegment, lostSegment } = symptoms.differential;
    if (failuresBySegment !== null) {
      const { features, predicate } = failuresBySegment;
      return [
        plain(`Segment outage: ${predicate} fails`, {
          features,
          segments: [predicate],
          ignores: ['a-group-stopped-coming'],
        }),
      ];
    }
    // Requests that no longer come do not make others fail.
    if (lostSegment === null || callsFail(symptoms)) return [];
    const { features, predicate } = lostSegment;
    return [
      plain(`Segment gone: hardly any requests with ${predicate}`, {
        features,
        segments: [predicate],
        ignores: ['failures-in-one-group', 'calls-fail'],
      }),
    ];
  },
};
