import type { Evidence, FeatureEvidence, RepairHint } from '../../domain/evidence.js';
import { graded, has, movedFeatures, percent, quoted, sentenceOf, told, yes, type Blamed, type Sign } from './sign.js';

const entriesOf = ({ features }: Evidence, blamed: Blamed): readonly FeatureEvidence[] =>
  features.filter(({ feature }) => blamed.features.includes(feature));

/** A transformation was found behind one of the blamed features, or behind any when none is blamed. */
function hintOf(
  evidence: Evidence,
  blamed: Blamed,
  ...kinds: readonly RepairHint['transformation'][]
): RepairHint | undefined {
  const entries = blamed.features.length === 0 ? evidence.features : entriesOf(evidence, blamed);
  return entries.flatMap(({ hint }) => (hint !== null && kinds.includes(hint.transformation) ? [hint] : []))[0];
}
const hinted = (id: string, fails: string, ...kinds: readonly RepairHint['transformation'][]): Sign => ({
  id,
  source: 'inputs',
  value: (evidence, blamed) => yes(hintOf(evidence, blamed, ...kinds) !== undefined),
  holds: (evidence, blamed) => hintOf(evidence, blamed, ...kinds)?.sentence ?? '',
  fails: () => fails,
});
const rise = ({ missingNow, missingBefore }: FeatureEvidence): number => missingNow - missingBefore;
const largestRise = ({ features }: Evidence): number => Math.max(0, ...features.map(rise));

/** What the model is asked. */
export const INPUT_SIGNS: readonly Sign[] = [
  {
    id: 'inputs-moved',
    source: 'inputs',
    value: (evidence) => told(evidence.features.length > 0, movedFeatures(evidence).length > 0),
    holds: (evidence) => `${quoted(movedFeatures(evidence))} moved.`,
    fails: () => 'No input feature moved.',
  },
  {
    id: 'many-inputs-moved',
    source: 'inputs',
    value: (evidence) =>
      evidence.features.length < 2 ? 0 : graded(movedFeatures(evidence).length / evidence.features.length, 0.1, 0.5),
    holds: (evidence) => `${movedFeatures(evidence).length} of ${evidence.features.length} features moved.`,
    fails: () => '',
  },
  {
    id: 'nothing-else-moved',
    source: 'inputs',
    value: (evidence, blamed) =>
      blamed.features.length === 0
        ? 0
        : yes(movedFeatures(evidence).every((feature) => blamed.features.includes(feature))),
    holds: () => 'No other feature moved.',
    fails: (evidence, blamed) =>
      `${movedFeatures(evidence).filter((feature) => !blamed.features.includes(feature)).length} other features moved too.`,
  },
  {
    id: 'moved-most',
    source: 'inputs',
    value: ({ features }, blamed) => {
      if (blamed.features.length === 0) return 0;
      const size = ({ distance, missingNow, missingBefore }: FeatureEvidence): number =>
        Math.max(distance, missingNow - missingBefore);
      const largest = Math.max(0, ...features.map(size));
      const own = Math.max(0, ...features.filter(({ feature }) => blamed.features.includes(feature)).map(size));
      return largest === 0 ? 0 : graded(own / largest, 0.5, 0.95);
    },
    holds: (_, blamed) => `Nothing moved further than ${quoted(blamed.features)}.`,
    fails: () => 'Another feature moved further.',
  },
  {
    id: 'far-outside',
    source: 'inputs',
    value: (evidence, blamed) => {
      const shifts = entriesOf(evidence, blamed).flatMap(({ meanShift }) => (meanShift === null ? [] : [meanShift]));
      return shifts.length === 0 ? 0 : graded(Math.max(...shifts.map(Math.abs)), 0.5, 3);
    },
    holds: (evidence, blamed) => {
      const shift = Math.max(...entriesOf(evidence, blamed).map(({ meanShift }) => Math.abs(meanShift ?? 0)));
      return `Its mean moved by ${shift.toFixed(1)} standard deviations, more than a population does.`;
    },
    fails: () => '',
  },
  {
    id: 'other-spread',
    source: 'inputs',
    value: (evidence, blamed) => {
      const ratios = entriesOf(evidence, blamed).flatMap(({ spreadRatio }) =>
        spreadRatio === null ? [] : [Math.abs(Math.log(Math.max(1e-6, spreadRatio)))],
      );
      return ratios.length === 0 ? 0 : graded(Math.max(...ratios), 0.1, 0.9);
    },
    holds: (evidence, blamed) => {
      const [ratio] = entriesOf(evidence, blamed).flatMap(({ spreadRatio }) =>
        spreadRatio === null ? [] : [spreadRatio],
      );
      return ratio === undefined ? '' : `Its values spread over ${ratio.toPrecision(2)} times the range they used to.`;
    },
    fails: () => '',
  },
  {
    id: 'values-missing',
    source: 'inputs',
    value: (evidence) => (evidence.features.length === 0 ? 0 : graded(largestRise(evidence), 0.01, 0.08)),
    holds: (evidence) =>
      sentenceOf(evidence, 'missing-values') || `Missing values rose by ${percent(largestRise(evidence))}.`,
    fails: () => 'No feature lost values.',
  },
  {
    id: 'missing-in-the-same-rows',
    source: 'inputs',
    value: ({ contrast: { missingTogether: together } }) => (together === null ? 0 : graded(together.share, 0.3, 0.9)),
    holds: ({ contrast: { missingTogether: together } }) =>
      together === null
        ? ''
        : `${quoted(together.features)} are missing in the same rows (${percent(together.share)}), as when one source or join is lost.`,
    fails: () => 'Features go missing in different rows.',
  },
  {
    id: 'unreadable-values',
    source: 'inputs',
    value: (evidence) => (evidence.features.length === 0 ? 0 : yes(has(evidence, 'invalid-values'))),
    holds: (evidence) => sentenceOf(evidence, 'invalid-values'),
    fails: () => '',
  },
  {
    id: 'unseen-categories',
    source: 'inputs',
    value: (evidence) =>
      evidence.features.length === 0
        ? 0
        : graded(Math.max(0, ...evidence.features.map(({ unseenShare }) => unseenShare)), 0.005, 0.04),
    holds: (evidence) => sentenceOf(evidence, 'unseen-categories') || 'Categories appear that the baseline never had.',
    fails: () => 'Every category was known to the baseline.',
  },
  hinted('renamed', 'No vanished category has a new one in its place.', 'rename'),
  hinted('rescaled', 'No change of unit or scale fits.', 'scale', 'offset', 'affine', 'log'),
  hinted('filled-with-default', 'No single value fills in.', 'default-value'),
  hinted('frozen', 'The values still vary.', 'frozen'),
  {
    id: 'columns-swapped',
    source: 'inputs',
    value: (evidence, blamed) =>
      yes(evidence.contrast.swappedPair !== null || hintOf(evidence, blamed, 'swap') !== undefined),
    holds: ({ contrast: { swappedPair: pair } }) =>
      pair === null
        ? ''
        : `\`${pair.features[0]}\` is now distributed as \`${pair.features[1]}\` was, and the other way round (match ${pair.fit.toFixed(2)}).`,
    fails: () => '',
  },
  {
    id: 'precision-lost',
    source: 'inputs',
    value: (evidence, blamed) =>
      yes(evidence.contrast.precisionLoss !== null || hintOf(evidence, blamed, 'rounding') !== undefined),
    holds: ({ contrast }) => contrast.precisionLoss?.sentence ?? '',
    fails: () => '',
  },
  {
    id: 'one-mix-explains-all',
    source: 'inputs',
    value: ({ contrast: { mixExplains: mix } }) => (mix === null ? 0 : graded(1 - mix.residual, 0.5, 0.95)),
    holds: ({ contrast: { mixExplains: mix } }) =>
      mix === null
        ? ''
        : `The new mix of \`${mix.feature}\` explains ${percent(1 - mix.residual)} of what moved in the inputs.`,
    fails: ({ contrast: { mixExplains: mix } }) =>
      mix === null
        ? ''
        : `The new mix of \`${mix.feature}\` explains only ${percent(Math.max(0, 1 - mix.residual))} of what moved in the inputs.`,
  },
  {
    id: 'a-category-moved-most',
    source: 'inputs',
    value: ({ features }) => {
      const moved = features.filter((entry) => entry.moved);
      const [first] = moved.toSorted((a, b) => b.distance - a.distance);
      return first === undefined ? 0 : yes(first.kind === 'categorical');
    },
    holds: () => 'A category’s mix moved further than any number.',
    fails: () => 'A number moved further than any category’s mix.',
  },
  {
    id: 'a-group-stopped-coming',
    source: 'inputs',
    value: ({ contrast: { lostSegment: lost } }) => (lost === null ? -1 : graded(0.3 - lost.restDistance, 0, 0.25)),
    holds: ({ contrast: { lostSegment: lost } }) =>
      lost === null
        ? ''
        : `Requests with ${lost.predicate} fell from ${percent(lost.before)} to ${percent(lost.now)}; the others kept their proportions.`,
    fails: () => 'No group of requests stopped coming.',
  },
  {
    id: 'usual-at-this-hour',
    source: 'inputs',
    value: ({ contrast: { sameHour } }) => (sameHour === null ? 0 : graded(sameHour.explained, 0.4, 0.9)),
    holds: ({ contrast: { sameHour } }) =>
      sameHour === null
        ? ''
        : `${percent(sameHour.explained)} of the difference is usual at these hours (against ${sameHour.baselineRows} baseline rows of the same hours).`,
    fails: () => 'It is not usual at these hours of the day.',
  },
];
