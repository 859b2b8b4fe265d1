import { goldenHeld, mostlyAnswered, quoted, shareOfDrop, weigh, type CauseDefinition } from './cause-definition.js';

/** The same kinds of requests as before, in other proportions. */
export const trafficMixChange: CauseDefinition = {
  id: 'traffic-mix-change',
  predicts: 'a categorical feature changes its mix among known categories; each group is answered as before',
  prior: -2,
  hypotheses(evidence) {
    const mixed = evidence.features.filter(
      ({ drifted, kind, unseenShare, missingNow, missingBefore }) =>
        drifted && kind === 'categorical' && unseenShare < 0.02 && missingNow - missingBefore < 0.05,
    );
    if (mixed.length === 0) return [];
    const numericDrifts = evidence.features.filter(({ drifted, kind }) => drifted && kind === 'numeric').length;
    const features = mixed.map(({ feature }) => feature);
    const finding = evidence.findings.find(
      ({ detector, subject }) => detector === 'categorical-drift' && subject === `feature:${features[0] ?? ''}`,
    );
    const rate = shareOfDrop(evidence, 'model');
    return [
      {
        title: `Traffic mix changed in ${quoted(features)}`,
        features,
        shareExplained: shareOfDrop(evidence, 'input mix'),
        statements: weigh(
          [finding !== undefined, finding?.sentence ?? '', 3],
          [true, 'All of it are categories the baseline knew.', 1.5],
          [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1],
          [
            numericDrifts > mixed.length,
            `${numericDrifts} numeric features moved as well, more than a changed mix.`,
            -1.5,
          ],
          [rate !== null && rate > 0.5, 'Within the groups the answers changed too.', -3],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
