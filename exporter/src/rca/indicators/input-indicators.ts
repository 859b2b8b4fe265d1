import type { IndicatorId } from '../../domain/indicator.js';
import {
  brief,
  counted,
  percent,
  quotedNames,
  standardDeviationsText,
  wholePercent,
} from '../../domain/quantity-text.js';
import type { Symptoms, FeatureEvidence, RepairHint } from '../../domain/symptoms.js';
import {
  graded,
  has,
  changedFeatures,
  isRetyped,
  sentenceOf,
  known,
  yes,
  type Suspects,
  type Indicator,
} from './indicator.js';

const entriesOf = ({ features }: Symptoms, suspects: Suspects): readonly FeatureEvidence[] =>
  features.filter(({ feature }) => suspects.features.includes(feature));

/** A transformation was found behind one of the suspects, or behind any feature when there is no suspect. */
function hintOf(
  symptoms: Symptoms,
  suspects: Suspects,
  ...kinds: readonly RepairHint['transformation'][]
): RepairHint | undefined {
  const entries = suspects.features.length === 0 ? symptoms.features : entriesOf(symptoms, suspects);
  return entries.flatMap(({ hint }) => (hint !== null && kinds.includes(hint.transformation) ? [hint] : []))[0];
}
const hinted = (id: IndicatorId, whenFalse: string, ...kinds: readonly RepairHint['transformation'][]): Indicator => ({
  id,
  source: 'inputs',
  value: (symptoms, suspects) => yes(hintOf(symptoms, suspects, ...kinds) !== undefined),
  whenTrue: (symptoms, suspects) => hintOf(symptoms, suspects, ...kinds)?.sentence ?? '',
  whenFalse: ({ features }) => (features.length === 0 ? '' : whenFalse),
});
/** Standard deviations that the mean of a population does not move by on its own. */
const POPULATION_SHIFT = 3;
const rise = ({ missingNow, missingBefore }: FeatureEvidence): number => missingNow - missingBefore;
const largestRise = ({ features }: Symptoms): number => Math.max(0, ...features.map(rise));

const sizeOf = (entry: FeatureEvidence): number => Math.max(entry.distance, rise(entry));

/** Share of the suspects' move below which another feature's is beside the point. */
const MIN_SHARE_OF_MOVE = 0.1;

/** Features besides the suspects that moved, and not next to nothing by comparison. */
function othersMoved({ features }: Symptoms, suspects: Suspects): readonly FeatureEvidence[] {
  const own = Math.max(0, ...features.filter(({ feature }) => suspects.features.includes(feature)).map(sizeOf));
  return features.filter(
    (entry) => entry.changed && !suspects.features.includes(entry.feature) && sizeOf(entry) >= MIN_SHARE_OF_MOVE * own,
  );
}

const wrongTypes = (entries: readonly FeatureEvidence[]): string =>
  entries
    .filter(isRetyped)
    .map(
      ({ feature, invalidNow }) =>
        `${wholePercent(invalidNow)} of the values of “${feature}” are of another type than before.`,
    )
    .join(' ');

/** What the model is asked. */
export const INPUT_INDICATORS: readonly Indicator[] = [
  {
    id: 'inputs-moved',
    source: 'inputs',
    value: (symptoms) => known(symptoms.features.length > 0, changedFeatures(symptoms).length > 0),
    whenTrue: (symptoms) => `${quotedNames(changedFeatures(symptoms))} moved.`,
    whenFalse: () => 'No input feature moved.',
  },
  {
    id: 'many-inputs-moved',
    source: 'inputs',
    value: (symptoms) =>
      symptoms.features.length < 2 ? 0 : graded(changedFeatures(symptoms).length / symptoms.features.length, 0.1, 0.5),
    whenTrue: (symptoms) =>
      changedFeatures(symptoms).length < 2
        ? ''
        : `${changedFeatures(symptoms).length} of ${symptoms.features.length} features moved.`,
    whenFalse: () => '',
  },
  {
    id: 'nothing-else-moved',
    source: 'inputs',
    value: (symptoms, suspects) =>
      suspects.features.length === 0 ? 0 : yes(othersMoved(symptoms, suspects).length === 0),
    whenTrue: ({ features }, suspects) =>
      features.length <= suspects.features.length
        ? ''
        : features.some((entry) => entry.changed && !suspects.features.includes(entry.feature))
          ? 'No other feature moved nearly as far.'
          : 'No other feature moved.',
    whenFalse: (symptoms, suspects) => `${counted(othersMoved(symptoms, suspects).length, 'other feature')} moved too.`,
  },
  {
    id: 'moved-most',
    source: 'inputs',
    value: ({ features }, suspects) => {
      if (suspects.features.length === 0) return 0;
      const largest = Math.max(0, ...features.map(sizeOf));
      const own = Math.max(0, ...features.filter(({ feature }) => suspects.features.includes(feature)).map(sizeOf));
      return largest === 0 ? 0 : graded(own / largest, 0.5, 0.95);
    },
    whenTrue: ({ features }, suspects) =>
      features.length <= suspects.features.length
        ? ''
        : `No feature moved further than ${quotedNames(suspects.features)}.`,
    whenFalse: () => 'Another feature moved further.',
  },
  {
    id: 'far-outside',
    source: 'inputs',
    value: (symptoms, suspects) => {
      const shifts = entriesOf(symptoms, suspects).flatMap(({ meanShift }) => (meanShift === null ? [] : [meanShift]));
      return shifts.length === 0 ? 0 : graded(Math.max(...shifts.map(Math.abs)), 0.5, 3);
    },
    whenTrue: (symptoms, suspects) => {
      const shift = Math.max(...entriesOf(symptoms, suspects).map(({ meanShift }) => Math.abs(meanShift ?? 0)));
      return `Its mean shifted by ${standardDeviationsText(shift)}${shift >= POPULATION_SHIFT ? ' – too large for a change in the population' : ''}.`;
    },
    whenFalse: () => '',
  },
  {
    id: 'other-spread',
    source: 'inputs',
    value: (symptoms, suspects) => {
      const ratios = entriesOf(symptoms, suspects).flatMap(({ spreadRatio }) =>
        spreadRatio === null ? [] : [Math.abs(Math.log(Math.max(1e-6, spreadRatio)))],
      );
      return ratios.length === 0 ? 0 : graded(Math.max(...ratios), 0.1, 0.9);
    },
    whenTrue: (symptoms, suspects) => {
      const [ratio] = entriesOf(symptoms, suspects).flatMap(({ spreadRatio }) =>
        spreadRatio === null ? [] : [spreadRatio],
      );
      return ratio === undefined ? '' : `Its values spread over ${brief(ratio)} times their former range.`;
    },
    whenFalse: () => '',
  },
  {
    id: 'values-missing',
    source: 'inputs',
    value: (symptoms) => (symptoms.features.length === 0 ? 0 : graded(largestRise(symptoms), 0.01, 0.08)),
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'missing-values') || `Missing values rose by ${wholePercent(largestRise(symptoms))}.`,
    whenFalse: (symptoms) =>
      largestRise(symptoms) < 0.005
        ? 'No feature lost values.'
        : `Missing values rose by only ${percent(largestRise(symptoms))}.`,
  },
  {
    id: 'missing-in-the-same-rows',
    source: 'inputs',
    value: ({ differential: { missingTogether: together } }) =>
      together === null ? 0 : graded(together.share, 0.3, 0.9),
    whenTrue: ({ differential: { missingTogether: together } }) =>
      together === null
        ? ''
        : `${quotedNames(together.features)} go missing in the same rows (${wholePercent(together.share)}), as when one source or join is lost.`,
    whenFalse: () => 'Features go missing in different rows.',
  },
  {
    id: 'unreadable-values',
    source: 'inputs',
    value: (symptoms, suspects) =>
      symptoms.features.length === 0
        ? 0
        : yes(
            has(symptoms, 'invalid-values') ||
              hintOf(symptoms, suspects, 'type-change') !== undefined ||
              entriesOf(symptoms, suspects).some(isRetyped),
          ),
    whenTrue: (symptoms, suspects) =>
      hintOf(symptoms, suspects, 'type-change')?.sentence ??
      (sentenceOf(symptoms, 'invalid-values') || wrongTypes(entriesOf(symptoms, suspects))),
    whenFalse: () => '',
  },
  {
    id: 'unseen-categories',
    source: 'inputs',
    value: (symptoms) =>
      symptoms.features.length === 0
        ? 0
        : graded(Math.max(0, ...symptoms.features.map(({ unseenShare }) => unseenShare)), 0.005, 0.04),
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'unseen-categories') || 'Categories appear that the baseline never had.',
    whenFalse: ({ features }) =>
      features.some(({ kind }) => kind === 'categorical') && features.every(({ unseenShare }) => unseenShare === 0)
        ? 'No category is new, beyond those a baseline of its size must have missed.'
        : '',
  },
  hinted('renamed', 'No vanished category has a new one in its place.', 'rename'),
  hinted('rescaled', 'No single change of unit or scale fits so far.', 'scale', 'offset', 'affine', 'log'),
  hinted('filled-with-default', 'No single value fills in.', 'default-value'),
  hinted('frozen', 'The values still vary.', 'frozen'),
  {
    id: 'columns-swapped',
    source: 'inputs',
    value: (symptoms, suspects) =>
      yes(symptoms.differential.swappedPair !== null || hintOf(symptoms, suspects, 'swap') !== undefined),
    whenTrue: ({ differential: { swappedPair: pair } }) =>
      pair === null
        ? ''
        : `“${pair.features[0]}” is now distributed as “${pair.features[1]}” was, and the other way round (match ${pair.fit.toFixed(2)}).`,
    whenFalse: () => '',
  },
  {
    id: 'precision-lost',
    source: 'inputs',
    value: (symptoms, suspects) =>
      yes(symptoms.differential.precisionLoss !== null || hintOf(symptoms, suspects, 'rounding') !== undefined),
    whenTrue: ({ differential }) => differential.precisionLoss?.sentence ?? '',
    whenFalse: () => '',
  },
  {
    id: 'one-mix-explains-all',
    source: 'inputs',
    value: ({ differential: { mixExplains: mix } }) => (mix === null ? 0 : graded(1 - mix.residual, 0.5, 0.95)),
    whenTrue: ({ differential: { mixExplains: mix } }) =>
      mix === null
        ? ''
        : `The new mix of “${mix.feature}” explains ${wholePercent(1 - mix.residual)} of what moved in the inputs.`,
    whenFalse: ({ differential: { mixExplains: mix } }) =>
      mix === null
        ? ''
        : `The new mix of “${mix.feature}” explains only ${wholePercent(Math.max(0, 1 - mix.residual))} of what moved in the inputs.`,
  },
  {
    id: 'a-category-moved-most',
    source: 'inputs',
    value: ({ features }) => {
      const moved = features.filter((entry) => entry.changed);
      const [first] = moved.toSorted((a, b) => b.distance - a.distance);
      return first === undefined ? 0 : yes(first.kind === 'categorical');
    },
    whenTrue: ({ features }) =>
      features.some(({ kind }) => kind === 'numeric') ? 'The mix of a category moved further than any number.' : '',
    whenFalse: ({ features }) =>
      features.some(({ kind }) => kind === 'categorical') ? 'A number moved further than the mix of any category.' : '',
  },
  {
    id: 'a-group-stopped-coming',
    source: 'inputs',
    value: ({ differential: { lostSegment: lost } }) => (lost === null ? -1 : graded(0.3 - lost.restDistance, 0, 0.25)),
    whenTrue: ({ differential: { lostSegment: lost } }) =>
      lost === null
        ? ''
        : `Requests with ${lost.predicate} fell from ${wholePercent(lost.before)} to ${wholePercent(lost.now)}; the others kept their proportions.`,
    whenFalse: ({ features }) => (features.length === 0 ? '' : 'No group of requests has disappeared.'),
  },
  {
    id: 'usual-at-this-hour',
    source: 'inputs',
    value: ({ differential: { sameHour } }) => (sameHour === null ? 0 : graded(sameHour.explained, 0.4, 0.9)),
    whenTrue: ({ differential: { sameHour } }) =>
      sameHour === null
        ? ''
        : `${wholePercent(sameHour.explained)} of the difference is usual at these hours (against ${counted(sameHour.baselineRows, 'baseline row')} of the same hours).`,
    whenFalse: () => 'It is not usual at these hours of the day.',
  },
];
