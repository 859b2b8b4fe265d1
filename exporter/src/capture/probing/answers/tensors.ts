import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import {
  areNumbers,
  argmax,
  at,
  isDistribution,
  isList,
  jsonIn,
  located,
  NOTHING,
  rowOf,
  share,
  type Again,
  type Found,
  type Reader,
} from './found.js';

/** Answers made of named tensors: Open Inference v2 (KServe, Triton, MLServer) and Seldon Core v1. */
export const readTensors: Reader = (value, path, again) => {
  if (!isObject(value)) return null;
  const outputs = isList(value.outputs) ? value.outputs.filter(isTensor) : [];
  if (outputs.length > 0) return openInference(value, outputs, path, again);
  if (isObject(value.data)) return seldon(value.data, at(path, 'data'));
  if (value.jsonData !== undefined) return again(value.jsonData, at(path, 'jsonData'));
  return typeof value.strData === 'string' ? again(value.strData, at(path, 'strData')) : null;
};

type Tensor = JsonObject & { readonly name: string; readonly data: readonly Json[] };
const isTensor = (item: Json): item is Tensor => isObject(item) && typeof item.name === 'string' && isList(item.data);

const SHARES = /prob|score|confidence|softmax/i;
const LABELS = /predict|label|class|answer|text|result/i;

/** The tensor called a prediction, else the highest of those called probabilities, else the first. */
function openInference(body: JsonObject, outputs: readonly Tensor[], path: string, again: Again): Found {
  const place = (tensor: Tensor): string =>
    at(at(at(path, 'outputs'), (body.outputs as readonly Json[]).indexOf(tensor)), 'data');
  const shares = outputs.find(({ name }) => SHARES.test(name));
  const labels =
    outputs.find((tensor) => tensor !== shares && LABELS.test(tensor.name)) ??
    outputs.find((tensor) => tensor !== shares);
  const version =
    typeof body.model_version === 'string' || typeof body.model_version === 'number'
      ? String(body.model_version)
      : null;
  const said = labels === undefined ? NOTHING : ofTensor(labels, place(labels), again);
  const sure = shares === undefined ? NOTHING : ofTensor(shares, place(shares), again);
  return {
    prediction: said.prediction ?? sure.prediction,
    confidence:
      (shares === undefined ? null : (sure.confidence ?? loneShare(shares, place(shares)))) ?? said.confidence,
    modelVersion: version ?? said.modelVersion,
  };
}

function ofTensor(tensor: Tensor, path: string, again: Again): Found {
  const values = firstRow(tensor).map((value) => textOfBytes(tensor, value));
  const [first] = values;
  const ranked = values.every((value) => typeof value === 'string' && CLASSIFIED.test(value));
  if (ranked && values.length > 0)
    return again(
      values.map((value) => scoredLabel(typeof value === 'string' ? value : '')),
      path,
    );
  if (typeof first === 'string') {
    const document = jsonIn(first);
    return document === null ? { ...NOTHING, prediction: located(first, at(path, 0)) } : again(document, at(path, 0));
  }
  if (!areNumbers(values) || values.length < 2) return { ...NOTHING, prediction: located(first, at(path, 0)) };
  if (!isDistribution(values)) return { ...NOTHING, prediction: located(first, at(path, 0)) };
  const best = argmax(values);
  return {
    ...NOTHING,
    prediction: { value: best, from: `${path} (index of max)` },
    confidence: share(values[best] ?? NaN, `${path} (max)`),
  };
}

/** A single probability beside a prediction. */
function loneShare(tensor: Tensor, path: string): Found['confidence'] {
  const numbers = firstRow(tensor);
  return areNumbers(numbers) && numbers.length > 0 ? share(Math.max(...numbers), `${path} (max)`) : null;
}

/** Row-major data, flat or nested, of the first element of the batch. */
function firstRow({ data, shape }: Tensor): readonly Json[] {
  const flat = data.flat(8) as readonly Json[];
  if (!areNumbers(shape) || shape.length < 2) return flat;
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  return width > 0 && width < flat.length ? flat.slice(0, width) : flat;
}

/** BYTES travel as text, or in base64 where the tensor says so (MLServer's content types). */
function textOfBytes(tensor: Tensor, value: Json): Json {
  const { parameters } = tensor;
  const isBase64 = isObject(parameters) && parameters.content_type === 'base64';
  return isBase64 && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value;
}

/** Triton's classification extension: `score:index[:label]`, e.g. `0.91:2:cat`. */
const CLASSIFIED = /^-?\d+(\.\d+)?(e[+-]?\d+)?:\d+(:.*)?$/is;

function scoredLabel(text: string): Json {
  const [score = '', index = '', ...label] = text.split(':');
  return { label: label.length === 0 ? index : label.join(':'), score: Number(score) };
}

/** `names` are the columns of the answer; `t:0`, `t:1` … where nobody named them (python/seldon_core). */
function seldon(data: JsonObject, path: string): Found | null {
  const tensor = isObject(data.tensor) ? data.tensor.values : undefined;
  const table = data.ndarray ?? tensor;
  if (!isList(table)) return null;
  const from = at(path, data.ndarray === undefined ? 'tensor/values' : 'ndarray');
  const row = rowOf(table) ?? [];
  const names = isList(data.names) ? data.names : [];
  if (!isDistribution(row)) return { ...NOTHING, prediction: located(isList(row[0]) ? row[0][0] : row[0], from) };
  const best = argmax(row);
  const name = names[best];
  const isNamed = typeof name === 'string' && !/^t:\d+$/.test(name);
  return {
    ...NOTHING,
    prediction: located(
      isNamed ? name : best,
      isNamed ? `${at(path, 'names')} (of the highest share)` : `${from} (index of max)`,
    ),
    confidence: share(row[best] ?? NaN, `${from} (max)`),
  };
}
