import type { JsonObject } from '../../../domain/json.js';
import { besideItsShare } from './lone-share.js';
import { argmax, at, isDistribution, located, NOTHING, percentIn, share, type Found } from './found.js';

/** What stands before the name of a class in the column of its probability (scikit-learn, H2O, NannyML, Azure ML’s designer). */
const PREFIX =
  /^(?:(?:y_?pred_?)?proba(?:bility|bilities)?|predict_?proba|prob|score|confidence|scored[_ ]probabilities(?: for class)?)[_.:@ -]+(?=.)|^p_(?=.)|^p(?=\d+$)/i;
const nameOf = (key: string): string => key.replace(PREFIX, '').replace(/^"(.*)"$/, '$1');

interface Column {
  readonly key: string;
  readonly share: number;
}

function columnsOf(value: JsonObject, isOther: (key: string) => boolean): Column[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const number = typeof item === 'string' ? percentIn(item) : item;
    return typeof number === 'number' && isOther(key) ? [{ key, share: number }] : [];
  });
}

const areShares = (columns: readonly Column[]): boolean => isDistribution(columns.map(({ share: one }) => one));

/** `{setosa: 0.05, versicolor: 0.9, virginica: 0.05}`: a column per class, as a DataFrame of `predict_proba` is written. */
function sharesByClass(value: JsonObject, path: string, isOther: (key: string) => boolean): Found {
  const columns = columnsOf(value, isOther);
  const named = columns.filter(({ key }) => PREFIX.test(key));
  if (areShares(named)) return likeliestOf(named, path);
  return columns.length === Object.keys(value).length && areShares(columns) ? likeliestOf(columns, path) : NOTHING;
}

function likeliestOf(columns: readonly Column[], path: string): Found {
  const best = columns[argmax(columns.map(({ share: one }) => one))];
  if (best === undefined) return NOTHING;
  return {
    ...NOTHING,
    prediction: located(nameOf(best.key), `the keys of ${path === '' ? 'the body' : path} (name of max)`),
    confidence: share(best.share, `${path}/* (max)`),
  };
}

/** The probability of the class that is said beside a column per class: `{label: 'a', probability_a: 0.9, probability_b: 0.1}`. */
function sharesBesideClass(
  value: JsonObject,
  path: string,
  isOther: (key: string) => boolean,
  { prediction }: Found,
): Found {
  if (prediction === null) return NOTHING;
  const columns = columnsOf(value, isOther);
  const named = columns.filter(({ key }) => PREFIX.test(key));
  const shares = areShares(named) ? named : columns;
  const said = shares.find(({ key }) => nameOf(key) === String(prediction.value));
  return said === undefined || !areShares(shares)
    ? NOTHING
    : { ...NOTHING, confidence: share(said.share, at(path, said.key)) };
}

/** A class and how sure the model is of it, where no field has the usual name: by a share of its own, or by a column per class. */
export function ofClasses(value: JsonObject, path: string, isOther: (key: string) => boolean): Found {
  const own = besideItsShare(value, path);
  return own.prediction === null ? sharesByClass(value, path, isOther) : own;
}

/** How sure the model is of the class that was read. */
export function ofTheClass(value: JsonObject, path: string, isOther: (key: string) => boolean, read: Found): Found {
  const column = sharesBesideClass(value, path, isOther, read);
  const own = besideItsShare(value, path);
  if (column.confidence !== null || own.prediction?.from !== read.prediction?.from) return column;
  return { ...NOTHING, confidence: own.confidence };
}
