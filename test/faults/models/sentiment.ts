import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { trainAdditiveLogistic } from './additive-logistic.js';
import { readCsv } from './csv.js';
import { withWrongLabels } from './older.js';
import type { ZooModel, ZooRow } from './zoo-model.js';

const NUMERIC = ['length', 'words', 'capitals_per_mille', 'digits_per_mille', 'known_words'] as const;
const CATEGORICAL = ['source', 'ending'] as const;
const TRAINING_ROWS = 4_000;
const VOCABULARY = 1_375;

/**
 * Logistic regression on the words of a sentence and on what its producer measured of it: is it positive? The log carries
 * the measures, not the words. 3,800 sentences held out.
 */
export function sentimentModel(): ZooModel {
  const rows = readCsv('sentiment', 'snippets.csv.gz').map((cells): ZooRow => {
    const vocabulary = (cells.vocabulary ?? '').split(' ').filter(Boolean).map(Number);
    return {
      features: {
        length: Number(cells.length),
        words: Number(cells.words),
        capitals_per_mille: Number(cells.capitals_per_mille),
        digits_per_mille: Number(cells.digits_per_mille),
        known_words: vocabulary.length,
        source: cells.source ?? null,
        ending: cells.ending ?? null,
      },
      hidden: vocabulary,
      label: cells.label ?? '',
    };
  });
  const features = [...NUMERIC, ...CATEGORICAL];
  const training = rows.slice(0, TRAINING_ROWS);
  const older = withWrongLabels(training.slice(0, 400), seededRandom('sentiment-older'));
  return {
    name: 'sentiment',
    classes: ['negative', 'positive'],
    numeric: NUMERIC,
    categorical: CATEGORICAL,
    score: trainAdditiveLogistic(training, features, VOCABULARY, 'positive'),
    older: trainAdditiveLogistic(older, features, VOCABULARY, 'positive'),
    heldOut: rows.slice(TRAINING_ROWS),
  };
}
