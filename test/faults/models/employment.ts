import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { trainAdditiveLogistic } from './additive-logistic.js';
import { readCsv } from './csv.js';
import { withWrongLabels } from './older.js';
import type { ZooModel, ZooRow } from './zoo-model.js';

const NUMERIC = ['AGEP', 'SCHL', 'RELP'] as const;
const CATEGORICAL = ['MAR', 'DIS', 'CIT', 'MIG', 'MIL', 'SEX', 'RAC1P'] as const;
const TRAINING_ROWS = 3_000;

/** Additive logistic regression on employment_MA (US Census PUMS 2015): is the person employed? 6,000 rows held out. */
export function employmentModel(): ZooModel {
  const rows = readCsv('employment_MA', 'people.csv.gz').map((cells): ZooRow => ({
    features: {
      ...Object.fromEntries(NUMERIC.map((column) => [column, Number(cells[column])] as const)),
      ...Object.fromEntries(CATEGORICAL.map((column) => [column, `${column}-${cells[column] ?? ''}`] as const)),
    },
    hidden: [],
    label: cells.employed === '1' ? 'employed' : 'not employed',
  }));
  const features = [...NUMERIC, ...CATEGORICAL];
  const training = rows.slice(0, TRAINING_ROWS);
  const older = withWrongLabels(training.slice(0, 400), seededRandom('employment-older'));
  return {
    name: 'employment',
    classes: ['not employed', 'employed'],
    numeric: NUMERIC,
    categorical: CATEGORICAL,
    score: trainAdditiveLogistic(training, features, 0, 'employed'),
    older: trainAdditiveLogistic(older, features, 0, 'employed'),
    heldOut: rows.slice(TRAINING_ROWS),
  };
}
