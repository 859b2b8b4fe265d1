import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { quantityOf, type LoneShare, type Prediction } from '../../../domain/observation.js';
import {
  areNumbers,
  argmax,
  at,
  isDistribution,
  isList,
  jsonIn,
  located,
  NOTHING,
  percentIn,
  rowOf,
  share,
  unitInterval,
  type Found,
  type Reader,
} from './found.js';
import { readGeneratedText } from './generated-text.js';
import { besideConfidence, identifies, namedLikeOne, ofTheAnswer, tellsOfCall } from './lone-share.js';
import { readPairs } from './pairs.js';
import { readScoredLabels } from './scored-labels.js';
import { isStatusClass } from './server-words.js';
import { ofClasses, ofTheClass } from './shares-by-class.js';
import { readTensors } from './tensors.js';
import { embeddingIn, isVector, ofVector } from './vectors.js';

/** What was read out of an answer, whatever its format. */
export interface Reading {
  readonly prediction: Prediction;
  readonly confidence: number | null;
  readonly modelVersion: string | null;
}

/** Names are compared without case, `_` and `-`: `predictedLabel`, `predicted_label` and `PredictedLabel` are one. */
const SHARE_NAMES = [
  'probability',
  'prob',
  'predictedprobability',
  'predictionprobability',
  'proba',
  'predictproba',
  'ypredproba',
  'scoredprobabilities',
  'topprobability',
  'topprob',
  'score',
  'predictionscore',
  'modelscore',
];
const CONFIDENCE_NAMES = ['confidence', 'confidencescore', 'predictionconfidence', 'conf', 'certainty', ...SHARE_NAMES];
const DISTRIBUTION_NAMES = [
  'probabilities',
  'probability',
  'probs',
  'proba',
  'predictproba',
  'scores',
  'score',
  'confidences',
  'confidence',
  'confidencescores',
  'sentimentscore',
  'classprobabilities',
  'predictedprobabilities',
];
const PREDICTION_NAMES = [
  'prediction',
  'predict',
  'predictedclass',
  'predictedlabel',
  'scoredlabels',
  'label',
  'class',
  'classname',
  'tagname',
  'topclass',
  'toplabel',
  'modeloutput',
  'pred',
  'ypred',
  'category',
  'result',
  'results',
  'output',
  'answer',
  'predictions',
  'outputs',
  'value',
  'yhat',
  'forecast',
  'sentiment',
  'intent',
];
/** Wrap what a server answers; the body of AWS Lambda is JSON in a text. */
const ENVELOPE_NAMES = ['body', 'response'];
const wraps = (value: Json): boolean =>
  typeof value === 'string' ? jsonIn(value) !== null : isObject(value) || isList(value);
const VERSION_NAMES = ['modelversion', 'version', 'modelversionid'];
/** A lone field of one of these names says how the call went, not what the model thinks. */
const NOT_PREDICTIONS = new Set([
  'error',
  'errors',
  'detail',
  'status',
  ...VERSION_NAMES,
  ...CONFIDENCE_NAMES,
  ...DISTRIBUTION_NAMES,
  'logits',
]);
const DEEPEST = 6;
/** Some classifiers have that many classes, and no answer that is read has more fields: each costs 10 µs. */
const MOST_FIELDS = 10_000;
const isTooWide = (value: Json): boolean => isObject(value) && Object.keys(value).length > MOST_FIELDS;
/** JSON in a text in JSON (a `score.py` of Azure ML that returns `json.dumps(x)`). */
const MOST_PARSED = 2;

const SPECIAL: readonly Reader[] = [readGeneratedText, readScoredLabels, readPairs, readTensors];

/** Reads prediction and confidence under their usual names. Confidence is null when the model gives none; it is never invented. */
export const readAnswer = (value: Json): Reading => readingOf(findIn(value));

/** What was read from where, for people: `prediction from /0/label, no confidence`. Null when nothing was read. */
export const readFrom = (value: Json): string | null => placesOf(findIn(value));

/** Both, and the one probability beside the answer. */
export function readWithPlaces(value: Json): readonly [Reading, string | null, LoneShare | undefined] {
  const found = findIn(value);
  return [readingOf(found), placesOf(found), found.loneShare];
}

const readingOf = ({ prediction, confidence, modelVersion }: Found): Reading => ({
  prediction: prediction?.value ?? null,
  confidence: confidence?.value ?? null,
  modelVersion,
});

function placesOf({ prediction, confidence }: Found): string | null {
  if (prediction === null && confidence === null) return null;
  const place = ({ from }: { readonly from: string }): string => (/^( |$)/.test(from) ? `the whole body${from}` : from);
  const said = prediction === null ? 'no prediction' : `prediction from ${place(prediction)}`;
  return `${said}, ${confidence === null ? 'no confidence' : `confidence from ${place(confidence)}`}`;
}

const findIn = (value: Json): Found => find(value, '', 0, 0);

function find(value: Json, path: string, depth: number, parsed: number): Found {
  if (depth > DEEPEST || isTooWide(value)) return NOTHING;
  if (typeof value === 'string') {
    const document = parsed < MOST_PARSED ? jsonIn(value) : null;
    if (document !== null) return find(document, path, depth + 1, parsed + 1);
  }
  const again = (inner: Json, place: string): Found => find(inner, place, depth + 1, parsed);
  for (const read of SPECIAL) {
    const found = read(value, path, again);
    if (found !== null) return found;
  }
  if (isList(value)) return ofList(value, path, again);
  return isObject(value) ? ofObject(value, path, again) : { ...NOTHING, prediction: located(value, path) };
}

type Inner = (inner: Json, place: string) => Found;

function ofObject(value: JsonObject, path: string, again: Inner): Found {
  const fields = fieldsOf(value);
  const inner = innerOf(value, fields);
  const nested = inner === null ? NOTHING : again(value[inner] ?? null, at(path, inner));
  const version = versionIn(fields);
  const isClass = isStatusClass(value);
  const isOther = (key: string): boolean => key !== inner && mayBeClass(key, isClass);
  const listed = inner === null ? inLoneList(value, path, again) : null;
  if (listed !== null) return { ...listed, modelVersion: version ?? listed.modelVersion };
  const byClass = inner === null ? ofClasses(value, path, isOther) : ofTheClass(value, path, isOther, nested);
  const sure = confidenceOf(fields, path);
  const prediction =
    nested.prediction ?? mostProbable(fields, path) ?? byClass.prediction ?? byName(value, path, sure, isOther);
  const share = shareIn(fields);
  const modelVersion = version ?? nested.modelVersion;
  if (prediction === null && share !== null)
    return { prediction: unnamed(value, path, share), confidence: null, modelVersion };
  const other = nested.confidence ?? byClass.confidence;
  const own = share === null ? sure : ofTheAnswer(prediction, sure);
  const loneShare = loneShareOf(share, sure, path, nested, byClass);
  return { prediction, confidence: own ?? other, modelVersion, ...(loneShare === undefined ? {} : { loneShare }) };
}

const mayBeClass = (key: string, isStatusClass: boolean): boolean =>
  !NOT_PREDICTIONS.has(plain(key)) || (isStatusClass && key === 'status');

/** What may be the answer by the names around it. */
const byName = (
  value: JsonObject,
  path: string,
  sure: Found['confidence'],
  isOther: (key: string) => boolean,
): Found['prediction'] =>
  loneScore(value, path) ??
  (sure === null
    ? null
    : besideConfidence(value, path, (key) => isOther(key) && (!identifies(plain(key)) || key === 'status'))) ??
  namedLikeOne(value, path, plain, sure === null);

/** The one probability beside the answer; what is said in another place, of each class or by its own name, leaves no doubt. */
function loneShareOf(
  share: Field | null,
  sure: Found['confidence'],
  path: string,
  nested: Found,
  byClass: Found,
): LoneShare | undefined {
  if (share === null) return sure === null ? nested.loneShare : undefined;
  const isSaid = sure === null && (nested.confidence ?? byClass.confidence) !== null;
  return isSaid ? undefined : { share: sure?.value ?? null, at: at(path, share.key) };
}

/** The probability of the answer where it is a number, and no confidence is said beside it. */
function shareIn(fields: Fields): (Field & { readonly value: number }) | null {
  for (const name of CONFIDENCE_NAMES) {
    const field = fields.get(name);
    const number = field === undefined ? null : numberAlone(field.value);
    if (field === undefined || number === null) continue;
    return SHARE_NAMES.includes(name) ? { key: field.key, value: number } : null;
  }
  return null;
}

/** The probability of nothing that is named is a quantity; the model may be sure that it is small. Beside a flag it is the flag’s. */
function unnamed(value: JsonObject, path: string, share: Field): Found['prediction'] {
  const flags = Object.entries(value).filter(([key, item]) => typeof item === 'boolean' && !identifies(plain(key)));
  const [[key, answer] = [share.key, share.value]] = flags.length === 1 ? flags : [];
  return located(answer, at(path, key));
}

function versionIn(fields: Fields): string | null {
  const version = VERSION_NAMES.map((name) => fields.get(name)?.value).find(
    (found) => typeof found === 'string' || typeof found === 'number',
  );
  return version === undefined ? null : String(version).slice(0, 100);
}

/** What a list of objects holds that stands alone among fields of other kinds, where it says how sure it is (`{"documents": […]}`, `{"Labels": […]}`). */
function inLoneList(value: JsonObject, path: string, again: Inner): Found | null {
  const lists = Object.entries(value).filter(([, item]) => isList(item) && item.length > 0 && item.every(isObject));
  const [[key, list] = ['', null], ...others] = lists;
  const found = list === null || others.length > 0 ? NOTHING : again(list, at(path, key));
  return found.prediction === null || found.confidence === null ? null : found;
}

/** A number, also as text, as a percentage or in a list of its own. */
function numberAlone(value: Json): number | null {
  const [only] = isList(value) && value.length === 1 ? value : [value];
  if (typeof only === 'string') return percentIn(only) ?? quantityOf(only);
  return typeof only === 'number' ? quantityOf(only) : null;
}

interface Field {
  readonly key: string;
  readonly value: Json;
}
type Fields = ReadonlyMap<string, Field>;

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Fields by their name without case and separators; of several spellings the first counts. */
function fieldsOf(value: JsonObject): Fields {
  const fields = new Map<string, Field>();
  for (const [key, item] of Object.entries(value))
    if (!fields.has(plain(key))) fields.set(plain(key), { key, value: item });
  return fields;
}

/** The key that holds the prediction or wraps it. */
function innerOf(value: JsonObject, fields: Fields): string | null {
  for (const name of PREDICTION_NAMES) {
    const field = fields.get(name);
    if (field !== undefined) return field.key;
  }
  const wrapped =
    fields.get('data') ??
    ENVELOPE_NAMES.map((name) => fields.get(name)).find((field) => field !== undefined && wraps(field.value));
  if (wrapped !== undefined) return wrapped.key;
  const [only, ...others] = Object.keys(value);
  const isNone =
    only === undefined || others.length > 0 || NOT_PREDICTIONS.has(plain(only)) || tellsOfCall(plain(only));
  return isNone ? null : only;
}

/** Class name (keys of an object) or index (list) with the highest probability; null without a distribution. */
function mostProbable(fields: Fields, path: string): Found['prediction'] {
  for (const name of [...DISTRIBUTION_NAMES, 'logits']) {
    const field = fields.get(name);
    const numbers = distribution(field?.value);
    if (field === undefined || numbers === null || numbers.length < 2) continue;
    const place = at(path, field.key);
    const best = argmax(numbers);
    return isObject(field.value)
      ? located(Object.keys(field.value)[best], `${place} (name of max)`)
      : { value: best, from: `${place} (index of max)` };
  }
  return null;
}

/** A lone `score` that can be no probability is the quantity itself (regression of ML.NET and SageMaker). */
function loneScore(value: JsonObject, path: string): Found['prediction'] {
  const [[key, score] = ['', null], ...others] = Object.entries(value);
  const isQuantity = others.length === 0 && plain(key) === 'score' && typeof score === 'number';
  return isQuantity && unitInterval(score, false) === null ? { value: score, from: at(path, key) } : null;
}

function ofList(list: readonly Json[], path: string, again: Inner): Found {
  // Of several outputs of a function the first that says something.
  const first =
    path === ''
      ? Math.max(
          0,
          list.findIndex((item) => item !== null),
        )
      : 0;
  const head = list[first];
  if (head === undefined) return NOTHING;
  const place = at(path, first);
  if (list.length === 1 && isDistribution(head)) return softmaxRow(head, place);
  // One row was asked, so three or more shares that add up to one are its classes; two could be two rows of a regression.
  if (isDistribution(list) && (path === '' || list.length > 2)) return softmaxRow(list, path);
  if (list.length === 1 && isVector(head)) return ofVector(head, place);
  if (isVector(list)) return ofVector(list, path);
  return embeddingIn(head, place) ?? likeliest(list, path, again) ?? again(head, place);
}

/** Of objects that each name a class and its probability, which add up to no more than one, the most probable; null for others. */
function likeliest(list: readonly Json[], path: string, again: Inner): Found | null {
  if (list.length < 2 || list.length > MOST_CLASSES || !list.every((item) => isObject(item))) return null;
  const read = list.map((item, i) => again(item, at(path, i)));
  const shares = read.flatMap(({ confidence }) => confidence?.value ?? []);
  const classes = new Set(read.flatMap(({ prediction }) => prediction?.value ?? []));
  if (shares.length < list.length || classes.size < list.length) return null;
  return shares.reduce((sum, one) => sum + one, 0) > 1 + TOLERANCE ? null : (read[argmax(shares)] ?? null);
}
const MOST_CLASSES = 2_000;
const TOLERANCE = 1e-3;

const softmaxRow = (row: readonly number[], path: string): Found => ({
  ...NOTHING,
  prediction: { value: argmax(row), from: `${path} (index of max)` },
  confidence: share(Math.max(...row), `${path} (max)`),
});

function confidenceOf(fields: Fields, path: string): Found['confidence'] {
  for (const name of CONFIDENCE_NAMES) {
    const field = fields.get(name);
    const number = field === undefined ? null : numberAlone(field.value);
    if (field !== undefined && number !== null) return confidence(number, name !== 'score', at(path, field.key));
  }
  for (const name of DISTRIBUTION_NAMES) {
    const field = fields.get(name);
    const numbers = distribution(field?.value);
    if (field !== undefined && numbers !== null && numbers.every((number) => number >= 0))
      return confidence(Math.max(...numbers), isPercent(numbers), `${at(path, field.key)} (max)`);
  }
  return fromLogits(fields, path) ?? fromConfidences(fields, path);
}

function confidence(value: number, mayBePercent: boolean, from: string): Found['confidence'] {
  const found = unitInterval(value, mayBePercent);
  return found === null ? null : { value: found, from };
}

/** The softmax of fields called logits. */
function fromLogits(fields: Fields, path: string): Found['confidence'] {
  const logits = distribution(fields.get('logits')?.value);
  if (logits === null || logits.length < 2) return null;
  const top = Math.max(...logits);
  const value = 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
  return { value, from: `${at(path, 'logits')} (softmax)` };
}

/** Gradio's label: `{label, confidences: [{label, confidence}]}`. */
function fromConfidences(fields: Fields, path: string): Found['confidence'] {
  const listed = fields.get('confidences')?.value;
  if (!isList(listed)) return null;
  const numbers = listed
    .filter(isObject)
    .map((entry) => Number(entry.confidence))
    .filter(Number.isFinite);
  return numbers.length === 0 ? null : share(Math.max(...numbers), `${at(path, 'confidences')} (max)`);
}

/** Numbers of a list, of a list's first list, or of an object's values, also written in a text. */
function distribution(given: Json | undefined): readonly number[] | null {
  const value = typeof given === 'string' ? (jsonIn(given) ?? undefined) : given;
  const list = isObject(value) ? Object.values(value) : isList(value) && isList(value[0]) ? value[0] : rowOf(value);
  const numbers: Json | undefined = list ?? undefined;
  return areNumbers(numbers) && numbers.length > 0 ? numbers : null;
}

/** Shares that add up to 100. */
const isPercent = (numbers: readonly number[]): boolean => Math.abs(numbers.reduce((sum, n) => sum + n, 0) - 100) <= 1;
