import { shuffled } from '../../src/statistics/shuffle.js';
import { z } from 'zod';
import type { Random } from '../../src/domain/ports.js';
import { isNumericFeature, FEATURES, readAdult, type AdultRow, type TabularFeatures } from './adult.js';
import { accuracyOf, GOOD_FOREST, trainForest, type IncomeModel } from './forest.js';
import type { TabularFault } from './faults.js';

/** Said with every answer, also by the swapped model: that is what makes the swap silent. */
export const MODEL_VERSION = 'adult-forest-1';

const TRAINING_ROWS = 1_500;
const OLD_TRAINING_ROWS = 300;
/** Share of wrong labels the older model was trained on. */
const OLD_LABEL_NOISE = 0.3;

/** The demo's real classifier, with the rows it has not seen. */
export interface TabularModel {
  readonly model: IncomeModel;
  /** Older and worse: 300 training rows, 30 % of their labels wrong. */
  readonly swapped: IncomeModel;
  readonly heldOut: readonly AdultRow[];
  /** On the held-out rows. */
  readonly accuracy: number;
  readonly swappedAccuracy: number;
  /** Accuracy of always answering the commonest class. */
  readonly majorityAccuracy: number;
}

/** Trains both models on UCI Adult: 1,500 rows to learn from, 7,500 held out. A few seconds of one core; deterministic by seed. */
export function trainTabular(random: Random): TabularModel {
  const rows = shuffled(readAdult(), random);
  const training = rows.slice(0, TRAINING_ROWS);
  const heldOut = rows.slice(TRAINING_ROWS);
  const mislabelled = training.slice(0, OLD_TRAINING_ROWS).map((row): AdultRow => {
    const wrong = row.label === '>50K' ? '<=50K' : '>50K';
    return random.next() < OLD_LABEL_NOISE ? { ...row, label: wrong } : row;
  });
  const model = trainForest(training, GOOD_FOREST, random);
  const swapped = trainForest(mislabelled, { ...GOOD_FOREST, trees: 6, maxDepth: 3 }, random);
  return {
    model,
    swapped,
    heldOut,
    accuracy: accuracyOf(model, heldOut),
    swappedAccuracy: accuracyOf(swapped, heldOut),
    majorityAccuracy: heldOut.filter(({ label }) => label === '<=50K').length / heldOut.length,
  };
}

const requestBody = z.object(
  Object.fromEntries(
    FEATURES.map((feature) => [
      feature,
      isNumericFeature(feature) ? z.number().nullable() : z.string().max(200).nullable(),
    ]),
  ),
);

/** Reads a request body; a text that says what is wrong when it is not one row of features. */
export function tabularFeatures(body: unknown): TabularFeatures | string {
  const read = requestBody.safeParse(body);
  if (read.success) return read.data as TabularFeatures;
  const issue = read.error.issues[0];
  const feature = issue?.path.map(String).join('.') ?? '';
  return feature === ''
    ? 'the body must be a JSON object of features'
    : `feature "${feature}": ${issue?.message ?? 'invalid'}`;
}

/** Which of the two models answers under a fault. */
export const servingModel = (tabular: TabularModel, fault: TabularFault): IncomeModel =>
  fault.kind === 'model_swapped' ? tabular.swapped : tabular.model;
