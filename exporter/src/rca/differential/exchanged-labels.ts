import { proportion } from '../../statistics/clopper-pearson.js';
import { answersFollowInputs } from './answers-follow-inputs.js';
import { answerText, type Observation } from '../../domain/observation.js';
import type { Differential } from '../../domain/differential.js';

/** The newest labelled rows, which are the first to be labelled otherwise. */
const NEWEST = 200;
const FEWEST = 100;
/** A class that is predicted less often shows no label of its own. */
const FEWEST_OF_CLASS = 10;
const MOST_CLASSES = 20;

/**
 * How often predictions of the newest labelled rows are right when each class is read as the label it mostly meets, where that
 * exchanges classes: what labels written the other way round look like, and so do answers that are. Null where no two classes
 * change places.
 */
export function exchangedLabels(
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['exchangedLabels'] {
  const labelled = rows
    .flatMap(({ prediction, label }) =>
      prediction === null || label === null ? [] : [[answerText(prediction), answerText(label)] as const],
    )
    .slice(-NEWEST);
  if (labelled.length < FEWEST) return null;
  const labelsOf = new Map<string, Map<string, number>>();
  for (const [prediction, label] of labelled) {
    const labels = labelsOf.get(prediction) ?? new Map<string, number>();
    labelsOf.set(prediction, labels.set(label, (labels.get(label) ?? 0) + 1));
  }
  if (labelsOf.size < 2 || labelsOf.size > MOST_CLASSES) return null;
  const readAs = new Map<string, string>();
  for (const [prediction, labels] of labelsOf) readAs.set(prediction, mostFrequent(labels) ?? prediction);
  const exchanged = [...readAs].filter(([prediction, label]) => label !== prediction);
  const areClasses = exchanged.every(([, label]) => labelsOf.has(label));
  if (exchanged.length < 2 || !areClasses || new Set(readAs.values()).size < readAs.size) return null;
  const right = (read: (prediction: string) => string | undefined): number =>
    labelled.filter(([prediction, label]) => read(prediction) === label).length;
  return {
    classes: labelsOf.size,
    asTheyStand: proportion(
      right((prediction) => prediction),
      labelled.length,
    ),
    exchanged: proportion(
      right((prediction) => readAs.get(prediction)),
      labelled.length,
    ),
    followsInputs: answersFollowInputs(rows.filter(({ label }) => label !== null).slice(-NEWEST), baselineRows),
  };
}

/** Null for a class with too few rows to say. */
function mostFrequent(labels: ReadonlyMap<string, number>): string | null {
  const [first] = [...labels].sort(([, a], [, b]) => b - a);
  const rows = [...labels.values()].reduce((sum, count) => sum + count, 0);
  return first === undefined || rows < FEWEST_OF_CLASS ? null : first[0];
}
