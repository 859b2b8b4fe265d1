import { counted, percent } from '../../domain/quantity-text.js';
import { durationText } from '../../domain/time-text.js';
import { chiSquaredTest } from '../../statistics/chi-squared.js';
import { labelCount, labelledShare } from '../../statistics/label-counts.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { blind, found, nothing, windowOf, type DetectionInput, type Detector } from '../detection-input.js';

const FEWEST_LABELS = 30;
const SIGNIFICANCE = 1e-3;
/** Share of labelled answers from which it is not said how few they are. */
const NEARLY_ALL = 0.995;

/** Labels belong to the window of their prediction: those of older predictions are counted, but not in it. */
function fewLabels({ window, baseline, evidence }: DetectionInput): string {
  const { ofAnswers, dueAfterMs } = window.labels;
  const labelled = labelCount(window.labels);
  const inBaseline = baseline === null ? 0 : labelCount(baseline.profile.labels);
  const before =
    inBaseline === 0
      ? ''
      : ` (in the baseline, ${counted(inBaseline, 'prediction')} ${inBaseline === 1 ? 'has' : 'have'} one)`;
  const isFoundByEvidence =
    evidence?.verdict === 'alarm' &&
    !evidence.recovered &&
    evidence.signals.some(({ subject, watch }) => subject === 'accuracy' && watch === 'changed');
  const elsewhere = isFoundByEvidence ? '; that accuracy changed is known from labels of other predictions' : '';
  const some = labelled === 0 ? 'none' : String(labelled);
  const has = labelled < 2 ? 'has' : 'have';
  if (dueAfterMs === undefined)
    return `${some} of the ${counted(window.calls, 'call')} in the window ${has} a label; at least ${FEWEST_LABELS} are needed${before}${elsewhere}`;
  const late = `labels come up to ${durationText(dueAfterMs)} after their predictions`;
  return ofAnswers === 0
    ? `${late}, and no prediction since the baseline is old enough${before}${elsewhere}`
    : `${late}; ${some} of the newest ${counted(ofAnswers ?? 0, 'prediction')} of that age ${has} one, and at least ${FEWEST_LABELS} are needed${before}${elsewhere}`;
}

/** Labelled answers are right less often than in the baseline. */
export const accuracyDrop: Detector = {
  id: 'accuracy-drop',
  detect(input) {
    const now = input.window.labels;
    const before = input.baseline?.profile.labels;
    if (labelCount(now) < FEWEST_LABELS) return blind('accuracy', fewLabels(input));
    // By how much quantities are missed is compared as it grows, not by what share is right.
    if (now.labelled < FEWEST_LABELS) return nothing;
    if (before === undefined || labelCount(before) < FEWEST_LABELS)
      return blind('accuracy', 'the baseline has too few labels to compare with');
    if (before.labelled < FEWEST_LABELS)
      return blind(
        'accuracy',
        'labels in the baseline are numbers, as its predictions are; those in the window are not',
      );
    const share = labelledShare(input.window);
    const accuracyNow = proportion(now.correct, now.labelled);
    const accuracyBefore = proportion(before.correct, before.labelled);
    const drop = accuracyBefore.share - accuracyNow.share;
    const test = chiSquaredTest(
      [before.correct, before.labelled - before.correct],
      [now.correct, now.labelled - now.correct],
    );
    if (drop < input.thresholds.accuracyDrop || test.pValue >= SIGNIFICANCE) return nothing;
    return found({
      detector: 'accuracy-drop',
      subject: 'accuracy',
      kind: 'quality',
      direction: 'down',
      statistic: { name: 'accuracy', value: accuracyNow.share },
      threshold: accuracyBefore.share - input.thresholds.accuracyDrop,
      pValue: test.pValue,
      effect: {
        measure: 'share',
        value: -drop,
        interval: {
          low: accuracyNow.interval.low - accuracyBefore.share,
          high: accuracyNow.interval.high - accuracyBefore.share,
          level: 0.95,
        },
      },
      statistics: [{ name: 'chi_squared', value: test.statistic }],
      before: accuracyBefore.share,
      now: accuracyNow.share,
      window: windowOf(input),
      baselineSamples: before.labelled,
      sentence: `${percent(accuracyNow.share)} of ${counted(now.labelled, 'labelled prediction')} are right; in the baseline, ${percent(accuracyBefore.share)} were.${share === null || share >= NEARLY_ALL ? '' : ` ${percent(share)} of the predictions have their label.`}`,
    });
  },
};
