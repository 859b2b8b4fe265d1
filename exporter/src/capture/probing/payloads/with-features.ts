import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Features, FeatureValue } from '../../../domain/observation.js';
import { featuresOf, nameOf } from './features.js';

/**
 * A payload like the example but with these feature values in place: the inverse of `featuresOf`. Proved by reading the
 * result back.
 * @returns null when it cannot be built: a text, which is known only by its description, or a feature the row does not have
 */
export function withFeatures(example: Json, features: Features): Json | null {
  const expected = featuresOf(example);
  if (expected === null) return null;
  const names = Object.keys(expected);
  if (names.some((name) => features[name] === undefined)) return null;
  const built = rebuild(example, features);
  const read = featuresOf(built);
  if (read === null) return null;
  const same = Object.keys(read).length === names.length && names.every((name) => read[name] === features[name]);
  return same ? built : null;
}

/** Sets values where their names lead, inside whichever wrapper the example has. */
function rebuild(example: Json, features: Features): Json {
  if (isObject(example) && isObject(example.dataframe_split))
    return dataframe(example, example.dataframe_split, features);
  if (isObject(example) && isList(example.inputs) && example.inputs.some(isTensor))
    return { ...example, inputs: example.inputs.map((tensor) => tensorWith(tensor, features)) };
  return setValues(example, [], features);
}

/** Every scalar takes the value of the longest tail of its path that names a feature: wrappers come first in a path. */
function setValues(node: Json, path: readonly string[], features: Features): Json {
  if (isList(node)) return node.map((item, i) => setValues(item, [...path, String(i)], features));
  if (isObject(node))
    return Object.fromEntries(
      Object.entries(node).map(([key, item]) => [key, setValues(item, [...path, key], features)]),
    );
  for (let from = 0; from < path.length; from += 1) {
    const value = features[path.slice(from).join('.')];
    if (value !== undefined) return value;
  }
  return node;
}

function dataframe(example: JsonObject, frame: JsonObject, features: Features): Json {
  const columns = isList(frame.columns) ? frame.columns : [];
  const row = columns.map((column, i): FeatureValue => features[nameOf(column, String(i))] ?? null);
  return { ...example, dataframe_split: { ...frame, data: [row] } };
}

const isTensor = (input: Json): input is JsonObject => isObject(input) && isList(input.data);

function tensorWith(tensor: Json, features: Features): Json {
  if (!isTensor(tensor)) return tensor;
  const name = nameOf(tensor.name, 'input');
  const data = tensor.data as readonly Json[];
  return { ...tensor, data: data.map((value, i) => features[data.length === 1 ? name : `${name}.${i}`] ?? value) };
}
