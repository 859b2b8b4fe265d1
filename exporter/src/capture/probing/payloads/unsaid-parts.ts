import { isList, isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { textOfPattern } from './from-pattern.js';
import { DEEPEST, optionOf, resolveReference, typeOf } from './from-schema.js';

interface Looking {
  readonly document: JsonObject;
  /** How many parts are still looked at: schemas within themselves have no end of them. */
  left: number;
}
const MOST_PARTS = 2_000;

/**
 * Names of the parts that a schema leaves open: objects without properties, lists of anything or of any number of numbers, texts whose
 * pattern is not understood. What is sent there is mlfi's own guess.
 */
function unsaidParts(looking: Looking, given: Json, name = 'the body', depth = 0): readonly string[] {
  if ((looking.left -= 1) < 0) return [];
  const { document } = looking;
  const schema = resolveReference(document, given);
  if (!isObject(schema) || depth > DEEPEST) return [name];
  if (isSaid(schema)) return [];
  const option = optionOf(schema);
  if (option !== null) return unsaidParts(looking, option, name, depth + 1);
  if (isList(schema.allOf)) return schema.allOf.flatMap((part) => unsaidParts(looking, part, name, depth + 1));
  const type = typeOf(schema);
  if (type === 'object' || isObject(schema.properties)) return ofProperties(looking, schema, name, depth);
  if (type === 'array') return ofItems(looking, schema, name, depth);
  if (type === 'string')
    return typeof schema.pattern === 'string' && textOfPattern(schema.pattern, 0) === null ? [name] : [];
  return type === 'number' || type === 'integer' || type === 'boolean' ? [] : [name];
}

const MOST_NAMED = 5;

/** A way of asking that a document describes, with the parts it leaves open. */
export function described(what: string, document: JsonObject, schema: Json): { what: string; isGuess: boolean } {
  const unsaid = [...new Set(unsaidParts({ document, left: MOST_PARTS }, schema))];
  if (unsaid.length === 0) return { what, isGuess: false };
  const names = unsaid.slice(0, MOST_NAMED).map((name) => name.slice(0, 60));
  return { what: `${what}, which leaves open what ${names.join(', ')} may be`, isGuess: true };
}

/** Whether values are named. */
const isSaid = ({ examples, enum: listed, const: only, example }: JsonObject): boolean =>
  only !== undefined ||
  example !== undefined ||
  [examples, listed].some((list) => list !== undefined && isList(list) && list.length > 0);

function ofProperties(looking: Looking, schema: JsonObject, name: string, depth: number): readonly string[] {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  if (properties.length === 0) return [name];
  const required = isList(schema.required) && schema.required.length > 0 ? new Set(schema.required) : null;
  return properties.flatMap(([key, part]) =>
    required === null || required.has(key) ? unsaidParts(looking, part, key, depth + 1) : [],
  );
}

function ofItems(looking: Looking, schema: JsonObject, name: string, depth: number): readonly string[] {
  const first = isList(schema.prefixItems) ? schema.prefixItems : [];
  if (first.length > 0) return first.flatMap((item) => unsaidParts(looking, item, name, depth + 1));
  const items = resolveReference(looking.document, schema.items ?? null);
  const type = isObject(items) ? typeOf(items) : null;
  const isOfAnyWidth = (type === 'number' || type === 'integer') && typeof schema.minItems !== 'number';
  return isOfAnyWidth ? [name] : unsaidParts(looking, items, name, depth + 1);
}
