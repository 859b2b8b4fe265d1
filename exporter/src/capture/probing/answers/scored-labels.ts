import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { areNumbers, argmax, at, isList, located, NOTHING, rowOf, share, type Found, type Reader } from './found.js';

/**
 * Labels with their scores: the task answers of Hugging Face (classification, zero-shot, token classification, fill-mask,
 * object detection; huggingface/huggingface.js `packages/tasks`), Vertex AutoML, TensorFlow Serving's `:classify`, and
 * lists of probabilities beside a list of classes.
 */
export const readScoredLabels: Reader = (value, path, again) => {
  if (isList(value)) return ofList(value, path) ?? named(value, path);
  if (!isObject(value)) return null;
  return parallelLists(value, path) ?? classified(value, path, again);
};

const isScored = (item: Json): item is JsonObject & { readonly score: number } =>
  isObject(item) && typeof item.score === 'number';

function ofList(list: readonly Json[], path: string): Found | null {
  if (list.length === 0 || !list.every(isScored)) return null;
  const scores = list.map(({ score }) => score);
  const best = argmax(scores);
  if (list.every((item) => item.entity_group !== undefined || item.entity !== undefined)) return entities(list, path);
  if (list.every((item) => isObject(item.box) && item.label !== undefined)) return boxes(list, path);
  const name = ['label', 'token_str', 'answer'].find((candidate) =>
    list.every((item) => item[candidate] !== undefined),
  );
  if (name === undefined) return recommended(list, path, best);
  const place = at(path, best);
  return {
    ...NOTHING,
    prediction: located(list[best]?.[name], `${at(place, name)}${list.length > 1 ? ' (of the highest score)' : ''}`),
    confidence: share(scores[best] ?? NaN, at(place, 'score')),
  };
}

/** Names of the items that recommenders give scores. */
export const ITEM_IDS = [
  'item_id',
  'itemId',
  'item',
  'product_id',
  'productId',
  'sku',
  'movie_id',
  'document_id',
  'doc_id',
];

/** Of several items with scores, the one that is recommended first; its score says how well it fits, not how sure that is. */
function recommended(list: Scored, path: string, best: number): Found | null {
  const name = ITEM_IDS.find((candidate) => new Set(list.map((item) => item[candidate])).size === list.length);
  if (name === undefined || list.length < 2) return null;
  const prediction = located(list[best]?.[name], `${at(at(path, best), name)} (of the highest score)`);
  return prediction === null ? null : { ...NOTHING, prediction };
}

/** Concepts by name with their share: `[{name: 'cat', value: 0.98}, …]` (Clarifai), `[{name: 'cat', p: 0.8}]`. */
function named(list: readonly Json[], path: string): Found | null {
  const by = ['value', 'p'].find((name) => list.every((item) => isObject(item) && isShare(item[name])));
  if (by === undefined || list.length === 0 || !list.every((item) => isObject(item) && typeof item.name === 'string'))
    return null;
  const shares = list.map((item) => (isObject(item) && typeof item[by] === 'number' ? item[by] : 0));
  const best = argmax(shares);
  const item = list[best];
  const place = at(path, best);
  return {
    ...NOTHING,
    prediction: located(isObject(item ?? null) && isObject(item) ? item.name : undefined, at(place, 'name')),
    confidence: share(shares[best] ?? NaN, at(place, by)),
  };
}
const isShare = (value: Json | undefined): boolean => typeof value === 'number' && share(value, '') !== null;

type Scored = readonly (JsonObject & { readonly score: number })[];

/** The kinds of entity that were found, in the order of the alphabet; how sure on average. */
function entities(list: Scored, path: string): Found {
  const name = list.every((item) => item.entity_group !== undefined) ? 'entity_group' : 'entity';
  const kinds = [...new Set(list.map((item) => item[name]).filter((kind) => typeof kind === 'string'))].sort();
  const mean = list.reduce((sum, { score }) => sum + score, 0) / list.length;
  return {
    ...NOTHING,
    prediction: located(kinds.join(', '), `${path}/*/${name}`),
    confidence: share(mean, `${path}/*/score (mean)`),
  };
}

/** How many of each label were seen, e.g. `cat, dog × 2`. */
function boxes(list: Scored, path: string): Found {
  const counts = new Map<string, number>();
  for (const { label } of list) if (typeof label === 'string') counts.set(label, (counts.get(label) ?? 0) + 1);
  const seen = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, n]) => (n === 1 ? label : `${label} × ${n}`));
  return {
    ...NOTHING,
    prediction: located(seen.join(', '), `${path}/*/label`),
    confidence: share(Math.max(...list.map(({ score }) => score)), `${path}/*/score (max)`),
  };
}

const CLASS_LISTS = ['labels', 'classes', 'displayNames', 'class_names'];
const SCORE_LISTS = [
  'scores',
  'score',
  'confidences',
  'probabilities',
  'probability',
  'probs',
  'proba',
  'predict_proba',
  'values',
];

/** `{labels: […], scores: […]}` of the same length. */
function parallelLists(value: JsonObject, path: string): Found | null {
  const classes = CLASS_LISTS.find((name) => isList(value[name]));
  const scores = SCORE_LISTS.find((name) => areNumbers(rowOf(value[name]) ?? undefined));
  if (classes === undefined || scores === undefined) return null;
  const names = rowOf(value[classes]) ?? [];
  const numbers = rowOf(value[scores]) ?? [];
  if (!areNumbers(numbers) || numbers.length === 0 || names.length !== numbers.length) return null;
  if (!names.every((name) => located(name, '') !== null)) return null;
  // An own word for the prediction beside the lists goes before the highest share.
  if (
    ['prediction', 'predictions', 'label', 'predicted_label', 'predicted_class'].some(
      (name) => value[name] !== undefined,
    )
  )
    return null;
  const best = argmax(numbers);
  return {
    ...NOTHING,
    prediction: located(names[best], `${at(path, classes)} (of the highest share)`),
    confidence: share(numbers[best] ?? NaN, `${at(path, scores)} (max)`),
  };
}

/** TensorFlow Serving's classification: `{result: [[[label, score], …], …]}`. */
function classified(value: JsonObject, path: string, again: Parameters<Reader>[2]): Found | null {
  const name = ['result', 'results'].find((candidate) => isList(value[candidate]));
  if (name === undefined || Object.keys(value).length > 1) return null;
  const [row] = value[name] as readonly Json[];
  if (!isList(row) || row.length === 0) return null;
  const isPair = (item: Json): boolean =>
    isList(item) && item.length === 2 && typeof item[0] === 'string' && typeof item[1] === 'number';
  if (!row.every(isPair)) return null;
  const pairs = row.map((item) => ({
    label: (item as readonly Json[])[0] ?? null,
    score: (item as readonly Json[])[1] ?? null,
  }));
  return again(pairs, at(at(path, name), 0));
}
