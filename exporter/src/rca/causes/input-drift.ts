import {
  driftedFeatures,
  goldenHeld,
  has,
  mostlyAnswered,
  quoted,
  shareOfDrop,
  weigh,
  type CauseDefinition,
} from './cause-definition.js';

/** The inputs are other ones than in the baseline, with no simpler explanation. */
export const inputDrift: CauseDefinition = {
  id: 'input-drift',
  predicts: 'features are distributed differently while golden inputs keep their answers',
  prior: -1.5,
  hypotheses(evidence) {
    const features = driftedFeatures(evidence);
    if (features.length === 0) return [];
    const drifts = evidence.findings.filter(
      ({ detector }) => detector === 'numeric-drift' || detector === 'categorical-drift',
    );
    const explained = evidence.features.filter(({ drifted, hint }) => drifted && hint !== null).length;
    const mixShare = shareOfDrop(evidence, 'input mix');
    return [
      {
        title: `Input data drift in ${quoted(features)}`,
        features,
        shareExplained: mixShare,
        statements: weigh(
          [drifts.length > 0, drifts[0]?.sentence ?? '', 3],
          [drifts.length > 1, `${drifts.length} features moved.`, 0.5],
          [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1.5],
          [
            mixShare !== null && mixShare > 0.5,
            `Other inputs account for ${((mixShare ?? 0) * 100).toFixed(0)} % of the drop in confidence.`,
            1,
          ],
          [
            explained === features.length,
            'A simple transformation explains every shifted feature: an error in the pipeline rather than a changed world.',
            -3,
          ],
          [
            has(evidence, 'golden-answers'),
            'Golden inputs are answered differently, which changed inputs cannot do.',
            -3,
          ],
          [
            drifts.length === 0,
            'Only missing or unreadable values rose; the values themselves kept their distribution.',
            -3,
          ],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
