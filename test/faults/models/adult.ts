import {
  CATEGORICAL_FEATURES,
  INCOME_CLASSES,
  NUMERIC_FEATURES,
  type TabularFeatures,
} from '../../../exporter/demo/tabular/adult.js';
import { trainTabular } from '../../../exporter/demo/tabular/tabular-model.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import type { Scorer, ZooModel } from './zoo-model.js';

/** The demo's random forest on UCI Adult: 1,500 training rows, 7,500 held out. */
export function adultModel(): ZooModel {
  const { model, swapped, heldOut } = trainTabular(seededRandom('zoo-adult'));
  const scorer =
    (forest: typeof model): Scorer =>
    ({ features }) => {
      const { prediction, confidence } = forest(features as TabularFeatures);
      return prediction === INCOME_CLASSES[1] ? confidence : 1 - confidence;
    };
  return {
    name: 'adult',
    classes: INCOME_CLASSES,
    numeric: NUMERIC_FEATURES,
    categorical: CATEGORICAL_FEATURES,
    score: scorer(model),
    older: scorer(swapped),
    heldOut: heldOut.map(({ features, label }) => ({ features, hidden: [], label })),
  };
}
