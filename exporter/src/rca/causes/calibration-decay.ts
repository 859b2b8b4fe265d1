import {
  driftedFeatures,
  has,
  mostlyAnswered,
  sentenceOf,
  shareOfDrop,
  weigh,
  type CauseDefinition,
} from './cause-definition.js';

/** The model says the same but with less (or unfounded) confidence. */
export const calibrationDecay: CauseDefinition = {
  id: 'calibration-decay',
  predicts: 'confidence falls for the same inputs while the predictions stay the same',
  prior: -2,
  hypotheses(evidence) {
    const { golden, confidence } = evidence;
    const fell = (golden.confidenceShift ?? 0) < -0.05;
    const trend = has(evidence, 'confidence-trend');
    const lower =
      confidence.before !== null && confidence.now !== null && confidence.now.mean < confidence.before.mean - 0.05;
    if (!trend && !fell && !has(evidence, 'calibration') && !(lower && has(evidence, 'confidence-distribution')))
      return [];
    const drifted = driftedFeatures(evidence).length;
    return [
      {
        title: trend
          ? 'Calibration decay: confidence keeps falling'
          : 'Calibration decay: the same answers with less confidence',
        features: [],
        shareExplained: shareOfDrop(evidence, 'model'),
        statements: weigh(
          [trend, sentenceOf(evidence, 'confidence-trend'), 5.5],
          [
            fell,
            `Asked the same golden inputs, the model is less sure by ${Math.abs(golden.confidenceShift ?? 0).toFixed(2)}.`,
            3,
          ],
          [fell && golden.answersChanged === 0, 'Their predictions are unchanged.', 1.5],
          [has(evidence, 'calibration'), sentenceOf(evidence, 'calibration'), 4],
          [has(evidence, 'confidence-distribution') && lower, sentenceOf(evidence, 'confidence-distribution'), 1.5],
          [
            golden.answersChanged > 0,
            `${golden.answersChanged} golden inputs got another prediction, which is more than calibration.`,
            -2,
          ],
          [drifted > 0 && !fell, `${drifted} input features moved, which can lower confidence without any decay.`, -3],
          [has(evidence, 'unstable-answers') && !trend, 'The answers scatter rather than sink.', -3],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
