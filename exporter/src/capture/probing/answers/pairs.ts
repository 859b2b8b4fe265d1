import type { Json } from '../../../domain/json.js';
import { argmax, at, isList, located, NOTHING, rowOf, share, unitInterval, type Found, type Reader } from './found.js';

/**
 * A class beside its probability, without a name for either: `["a", 0.9]`, the lists of labels and of probabilities that fastText
 * gives (`[["__label__a"], [0.9]]`; facebookresearch/fastText `python/README.md`), several such pairs, and Keras’s
 * `decode_predictions` (`[["n02123045", "tabby", 0.42], …]`).
 */
export const readPairs: Reader = (value, path) => {
  if (!isList(value)) return null;
  return pair(value, path) ?? listsBeside(value, path) ?? pairs(value, path);
};

const isShare = (value: Json | undefined): value is number =>
  typeof value === 'number' && unitInterval(value, false) !== null;
const isText = (value: Json | undefined): value is string => typeof value === 'string';

const read = (label: string, labelAt: string, value: number, shareAt: string): Found => ({
  ...NOTHING,
  prediction: located(label, labelAt),
  confidence: share(value, shareAt),
});

function pair(value: readonly Json[], path: string): Found | null {
  const [label, number, ...others] = value;
  if (!isText(label) || !isShare(number) || others.length > 0) return null;
  return read(label, at(path, 0), number, at(path, 1));
}

function listsBeside(value: readonly Json[], path: string): Found | null {
  const [first, second, ...others] = value;
  const labels = rowOf(first);
  const numbers = rowOf(second);
  if (labels === null || numbers === null || others.length > 0 || labels.length !== numbers.length) return null;
  if (labels.length === 0 || !labels.every(isText) || !numbers.every(isShare)) return null;
  const best = argmax(numbers);
  return read(
    labels[best] ?? '',
    `${at(path, 0)} (of the highest share)`,
    numbers[best] ?? NaN,
    `${at(path, 1)} (max)`,
  );
}

/** The label stands before its probability; an id may stand before the label. */
function pairs(value: readonly Json[], path: string): Found | null {
  const rows = value.flatMap((row) => {
    if (!isList(row) || row.length < 2 || row.length > 3) return [];
    const label = row.at(-2);
    const number = row.at(-1);
    return isText(label) && isShare(number) && isText(row[0]) ? [{ label, number, width: row.length }] : [];
  });
  if (rows.length === 0 || rows.length < value.length || new Set(rows.map(({ label }) => label)).size < rows.length)
    return null;
  const index = argmax(rows.map(({ number }) => number));
  const best = rows[index];
  if (best === undefined) return null;
  const place = at(path, index);
  return read(best.label, at(place, best.width - 2), best.number, at(place, best.width - 1));
}
