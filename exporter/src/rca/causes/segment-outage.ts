import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * One group of users gets no answers, or no longer comes at all.
 * Predicts: failures in one group only, or one group gone while the rest keeps its proportions.
 */
export const segmentOutage: CauseDefinition = {
  id: 'segment-outage',
  leadIndicators: ['failures-in-one-group', 'a-group-stopped-coming'],
  hypotheses(symptoms) {
    const { failuresBySegment, lostSegment } = symptoms.differential;
    const hit = failuresBySegment ?? lostSegment;
    if (hit === null) return [];
    const title =
      failuresBySegment === null
        ? `Segment gone: hardly any requests with ${hit.predicate}`
        : `Segment outage: ${hit.predicate} fails`;
    return [plain(title, { features: hit.features, segments: [hit.predicate] })];
  },
};
