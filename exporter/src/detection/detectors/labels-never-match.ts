import { found, nothing, windowOf, type Detector } from '../detection-input.js';

/** With so many labels even a model that is right once in ten times is right at least once (p = 0.005). */
const FEWEST_LABELS = 50;

/**
 * No label has ever equalled its prediction: the two are written in different ways, or belong to different rows. That says
 * nothing about accuracy.
 */
export const labelsNeverMatch: Detector = {
  id: 'labels-never-match',
  detect(input) {
    const { labels } = input.window;
    const before = input.baseline?.profile.labels;
    if (labels.labelled < FEWEST_LABELS || labels.correct > 0 || (before?.correct ?? 0) > 0) return nothing;
    return found({
      detector: 'labels-never-match',
      subject: 'accuracy',
      kind: 'quality',
      direction: 'changed',
      statistic: { name: 'matching_labels', value: 0 },
      threshold: 0,
      pValue: null,
      effect: { measure: 'count', value: labels.labelled, interval: null },
      statistics: [],
      before: null,
      now: null,
      window: windowOf(input),
      baselineSamples: before?.labelled ?? null,
      sentence: `None of ${labels.labelled} labels equals its prediction: are both written the same way, and of the same rows?`,
    });
  },
};
