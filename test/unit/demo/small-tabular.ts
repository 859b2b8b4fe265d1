import { shuffled } from '../../../exporter/src/statistics/shuffle.js';
import { readAdult } from '../../../exporter/demo/tabular/adult.js';
import { accuracyOf, trainForest } from '../../../exporter/demo/tabular/forest.js';
import type { TabularModel } from '../../../exporter/demo/tabular/tabular-model.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

/** A really trained but tiny stand-in, for tests that are about something else. */
export function smallTabular(): TabularModel {
  const random = seededRandom('small');
  const rows = shuffled(readAdult(), random);
  const heldOut = rows.slice(200, 700);
  const model = trainForest(rows.slice(0, 200), { trees: 3, maxDepth: 3, featureShare: 0.75 }, random);
  const accuracy = accuracyOf(model, heldOut);
  return { model, swapped: model, heldOut, accuracy, swappedAccuracy: accuracy, majorityAccuracy: 0.75 };
}
