import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Features } from '../../../domain/observation.js';
import { featuresOf } from './features.js';

/**
 * A payload of the example's shape that holds the given features: the way back from `featuresOf`. Null when there is none,
 * e.g. because a text is only known by its description, or the example takes a feature that is not given.
 */
export function payloadLike(example: Json, features: Features): Json | null {
  const wanted = featuresOf(example);
  if (wanted === null) return null;
  const used = new Set<string>();
  const payload = filled(example, features, used);
  const held = featuresOf(payload);
  if (held === null) return null;
  const names = Object.keys(held);
  const complete =
    names.length === Object.keys(wanted).length &&
    names.every((name) => used.has(name) && Object.is(held[name], features[name]));
  return complete ? payload : null;
}

/** Every leaf replaced by the feature it is called by, which is then noted as used; the name is the path to it, without the wrapping `featuresOf` takes off. */
function filled(example: Json, features: Features, used: Set<string>): Json {
  const names = new Set(Object.keys(features));
  const valueOf: ValueOf = (name, otherwise) => {
    if (!names.has(name)) return otherwise;
    used.add(name);
    return features[name] ?? null;
  };
  if (isObject(example) && isObject(example.dataframe_split))
    return dataframe(example, example.dataframe_split, valueOf);
  const at = (part: Json, path: readonly string[]): Json => {
    if (isList(part)) return part.map((item, index) => at(item, [...path, String(index)]));
    if (isObject(part)) {
      const { name, data } = part;
      if (typeof name === 'string' && isList(data)) return tensor(part, name, data, valueOf);
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, at(item, [...path, key])]));
    }
    // The longest ending of the path that names a feature: wrappers such as `instances.0` stand in front of it.
    for (let from = 0; from < path.length; from += 1) {
      const name = path.slice(from).join('.');
      if (names.has(name)) return valueOf(name, null);
    }
    return part;
  };
  return at(example, []);
}

type ValueOf = (name: string, otherwise: Json) => Json;

function dataframe(example: JsonObject, frame: JsonObject, valueOf: ValueOf): Json {
  const columns = isList(frame.columns) ? frame.columns : [];
  const row = columns.map((column) =>
    valueOf(typeof column === 'string' || typeof column === 'number' ? String(column) : '', null),
  );
  return { ...example, dataframe_split: { ...frame, data: [row] } };
}

function tensor(part: JsonObject, name: string, data: readonly Json[], valueOf: ValueOf): Json {
  const only = data.length === 1;
  return { ...part, data: data.map((value, index) => valueOf(only ? name : `${name}.${index}`, value)) };
}
