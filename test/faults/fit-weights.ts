// `npm run fit:causes [seeds per cell]`: fits the causes' weights on training seeds and writes the table the causes read.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { INDICATORS } from '../../exporter/src/rca/indicators/index.js';
import { calibrationError, fitConditionalLogit, loss, probabilities, type Weights } from './conditional-logit.js';
import { FAULT_KINDS } from './kinds/index.js';
import { trainZooModels } from './models/index.js';
import { zooCases } from './replay.js';
import type { Split } from './split.js';
import { examplesOf, type Example } from './training-set.js';

const PENALTIES = [3e-5, 1e-4, 3e-4, 6e-4, 1e-3, 3e-3];
const TEMPERATURES = [0.6, 0.7, 0.8, 0.9, 1, 1.15, 1.3, 1.5, 1.75, 2];
/** Healthy evaluations are by far the most frequent; naming a cause there is the most expensive mistake. */
const importance = (kind: string): number => (kind === 'nothing at all' ? 6 : kind.startsWith('seasonal') ? 4 : 1);
/** A weight below this says nothing. */
const DROPPED = 0.03;

const seedsPerCell = Number(process.argv[2] ?? 12);
const models = trainZooModels();
const startedAt = Date.now();
const gather = (split: Split, seeds: number): Example[] => {
  const cases = zooCases(FAULT_KINDS, models, split, seeds);
  return examplesOf(cases, (done) => {
    if (done % 200 === 0)
      console.log(`${split}: ${done} of ${cases.length}, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  });
};
const training = gather('training', seedsPerCell);
const tuning = gather('tuning', Math.max(2, Math.ceil(seedsPerCell / 2)));

const best = <T>(items: readonly T[], cost: (item: T) => number): T => {
  const [first] = items.map((item) => ({ item, cost: cost(item) })).sort((a, b) => a.cost - b.cost);
  if (first === undefined) throw new Error('nothing to choose from');
  return first.item;
};
const topRight = (examples: readonly Example[], weights: Weights, temperature = 1) =>
  examples.map((example) => {
    const p = probabilities(example, weights, temperature);
    const top = p.indexOf(Math.max(...p));
    return { probability: p[top] ?? 0, isRight: example.hypotheses[top]?.isRight === true };
  });
const rightShare = (tops: readonly { readonly isRight: boolean }[]): number =>
  tops.filter(({ isRight }) => isRight).length / tops.length;
const accuracyOf = (tops: readonly { readonly isRight: boolean }[]): string =>
  `${(100 * rightShare(tops)).toFixed(1)} %`;

const fits = PENALTIES.map((penalty) => {
  const weights = fitConditionalLogit(training, INDICATORS.length, penalty, importance);
  const right = rightShare(topRight(tuning, weights));
  console.log(
    `penalty ${penalty}: loss ${loss(training, weights).toFixed(3)} training, ${loss(tuning, weights).toFixed(3)} tuning; right ${accuracyOf(topRight(training, weights))}, ${accuracyOf(topRight(tuning, weights))}`,
  );
  return { penalty, weights, right };
});
/** Points of accuracy on tuning cases given up for smaller weights: the zoo is not the world, and they carry over better. */
const GIVEN_UP = 0.01;
const mostRight = Math.max(...fits.map(({ right }) => right));
const chosen = best(
  fits.filter(({ right }) => right >= mostRight - GIVEN_UP),
  ({ penalty }) => -penalty,
);
const temperature = best(TEMPERATURES, (value) => loss(tuning, chosen.weights, value));
const tops = topRight(tuning, chosen.weights, temperature);
const provenance = `conditional logit, L2 ${chosen.penalty}, on ${training.length} training cases (${seedsPerCell} seeds per fault and model); temperature ${temperature} on ${tuning.length} tuning cases: ${accuracyOf(tops)} right first, calibration error ${calibrationError(tops).toFixed(3)}. Written by \`npm run fit:causes\`; never edit by hand.`;
console.log(provenance);

const round = (value: number): number => (Math.abs(value) < DROPPED ? 0 : Number(value.toFixed(2)));
const causes = Object.fromEntries(
  [...chosen.weights]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([cause, { prior, indicators }]) => [cause, [prior, ...indicators].map(round)]),
);
const indicators = INDICATORS.map(({ id }) => id);
const target = join(import.meta.dirname, '..', '..', 'exporter', 'src', 'rca', 'causes', 'weights.ts');
const text = `import type { CauseWeights } from './cause-weights.js';

/** Fitted, not set by hand: see \`provenance\` and docs/root-cause-accuracy.md. */
export const WEIGHTS: CauseWeights = ${JSON.stringify({ provenance, temperature, indicators, causes })};
`;
writeFileSync(target, await format(text, { parser: 'typescript', singleQuote: true, printWidth: 120 }));
