import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Features } from '../../../domain/observation.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../domain/ingest.js';
import { flattenFeatures } from '../../ingest/features.js';
import { textFeatures } from '../../../statistics/text-features.js';
import { bytesInText } from './images.js';
import { rowText } from './row-text.js';

const WRAPPERS = [
  'dataframe_records',
  'features',
  'instance',
  'instances',
  'inputs',
  'input',
  'input_data',
  'data',
  'ndarray',
];
const TEXTS = ['text', 'input', 'inputs', 'prompt', 'query', 'sentence'];

/** What a payload says about its input, as flat features; null when it says nothing. Texts are described, not kept. */
export function featuresOf(payload: Json): Features | null {
  return featuresIn(withoutFiles(payload));
}

/** Of a file its size is told. */
function withoutFiles(payload: Json): Json {
  if (typeof payload === 'string') {
    const bytes = bytesInText(payload);
    return bytes === null ? payload : { bytes };
  }
  if (isList(payload)) return payload.map(withoutFiles);
  if (!isObject(payload)) return payload;
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, withoutFiles(value)]));
}

function featuresIn(payload: Json): Features | null {
  if (typeof payload === 'string') {
    const row = rowText(payload);
    return row === null ? textOf(payload) : featuresOf(row.row);
  }
  if (!isObject(payload)) return noneIfEmpty(flat(payload));
  const said = lastMessage(payload);
  if (said !== null) return textOf(said);
  for (const name of TEXTS) {
    const text = payload[name];
    if (typeof text !== 'string') continue;
    const others = Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name && key !== 'parameters'));
    return { ...flat(others), ...textOf(text) };
  }
  if (isObject(payload.dataframe_split)) return dataframe(payload.dataframe_split);
  const v2 = tensors(payload);
  if (v2 !== null) return v2;
  for (const name of WRAPPERS) {
    const inner = payload[name];
    if (inner === undefined) continue;
    if (isObject(inner) && isList(inner.ndarray)) return featuresOf(inner);
    const [only, ...others] = isList(inner) ? inner : [inner];
    if (typeof only === 'string' && others.length === 0) return textOf(only);
    return noneIfEmpty(flat(others.length === 0 ? (only ?? null) : inner));
  }
  return noneIfEmpty(flat(payload));
}

/** What was said last in a chat. */
function lastMessage({ messages }: JsonObject): string | null {
  const last = isList(messages) ? messages.at(-1) : undefined;
  return isObject(last) && typeof last.content === 'string' ? last.content : null;
}

function dataframe(frame: JsonObject): Features | null {
  const columns = isList(frame.columns) ? frame.columns : [];
  const [row] = isList(frame.data) ? frame.data : [];
  if (!isList(row)) return null;
  return noneIfEmpty(flat(Object.fromEntries(row.map((value, i) => [nameOf(columns[i], String(i)), value]))));
}

/** Open Inference tensors: one feature per element, `name.0`, `name.1` …; a single element is called by the tensor's name. */
function tensors(payload: JsonObject): Features | null {
  if (!isList(payload.inputs)) return null;
  const inputs = payload.inputs.filter((input): input is JsonObject => isObject(input) && isList(input.data));
  if (inputs.length === 0) return null;
  const named = inputs.map((input): [string, Json] => {
    const data = input.data as readonly Json[];
    return [nameOf(input.name, 'input'), data.length === 1 ? (data[0] ?? null) : summaryIfLarge(data)];
  });
  return noneIfEmpty(flat(Object.fromEntries(named)));
}

/** The numbers of an image are told by where they lie, not one by one. */
function summaryIfLarge(data: readonly Json[]): Json {
  if (data.length <= MOST_ELEMENTS) return data;
  const numbers = data.filter((value) => typeof value === 'number');
  const mean = numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
  const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / Math.max(1, numbers.length);
  return { mean, deviation: Math.sqrt(variance) };
}
const MOST_ELEMENTS = 1_000;

/** Name of a column or tensor, or what it is called without one. */
export const nameOf = (value: Json | undefined, otherwise: string): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;

const noneIfEmpty = (features: Features): Features | null => (Object.keys(features).length === 0 ? null : features);

/** A payload's row of numbers is its features, one by one, however many there are. */
const flat = (value: Json): Features => flattenFeatures(value, PAYLOAD_LIMITS, undefined, PAYLOAD_LISTS);
const PAYLOAD_LIMITS = { ...DEFAULT_INTAKE_LIMITS, nestingDepth: 100, arrayLength: Infinity };
const PAYLOAD_LISTS = { shortestVector: Infinity, elementsNamed: Infinity, describesTexts: true };

const textOf = (text: string): Features =>
  Object.fromEntries(Object.entries(textFeatures(text)).map(([part, value]) => [`text.${part}`, value]));
