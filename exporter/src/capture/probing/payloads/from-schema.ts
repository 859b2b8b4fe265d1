import type { Json, JsonObject } from '../../../domain/json.js';
import { isObject } from '../answer.js';
import { SENTENCES } from './sentences.js';

const DEEPEST = 8;
const VARIANTS = 8;

/** Follows `$ref` inside the document; anything else is returned as it is. */
export function resolveReference(document: JsonObject, value: Json): Json {
  let current = value;
  for (let hops = 0; hops < DEEPEST && isObject(current) && typeof current.$ref === 'string'; hops += 1) {
    const path = current.$ref
      .replace(/^#\//, '')
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    current = path.reduce<Json>((at, part) => (isObject(at) ? (at[part] ?? null) : null), document);
  }
  return current;
}

/** Several different payloads that are valid under a JSON schema: examples first, then enums, bounds and plain words. */
export function payloadsFromSchema(document: JsonObject, schema: Json): readonly Json[] {
  const payloads = Array.from({ length: VARIANTS }, (_, variant) => valueFor(document, schema, variant, '', 0));
  return [...new Map(payloads.map((payload) => [JSON.stringify(payload), payload])).values()];
}

function valueFor(document: JsonObject, given: Json, variant: number, name: string, depth: number): Json {
  const schema = resolveReference(document, given);
  if (!isObject(schema) || depth > DEEPEST) return {};
  const listed = [schema.examples, schema.enum].find(
    (list): list is readonly Json[] => Array.isArray(list) && list.length > 0,
  );
  if (schema.const !== undefined) return schema.const;
  if (listed !== undefined) return listed[variant % listed.length] ?? null;
  if (schema.example !== undefined) return varied(schema.example, variant);
  if (schema.default !== undefined && variant === 0) return schema.default;
  const union = [schema.anyOf, schema.oneOf].find((list): list is readonly Json[] => Array.isArray(list));
  if (union !== undefined)
    return valueFor(
      document,
      union.find((option) => !(isObject(option) && option.type === 'null')) ?? {},
      variant,
      name,
      depth + 1,
    );
  if (Array.isArray(schema.allOf)) {
    const parts = (schema.allOf as readonly Json[]).map((part) => valueFor(document, part, variant, name, depth + 1));
    return Object.assign({}, ...parts.filter(isObject)) as JsonObject;
  }
  return ofType(document, schema, variant, name, depth);
}

function ofType(document: JsonObject, schema: JsonObject, variant: number, name: string, depth: number): Json {
  if (schema.type === 'object' || isObject(schema.properties)) {
    const properties = isObject(schema.properties) ? schema.properties : {};
    return Object.fromEntries(
      Object.entries(properties).map(([key, part]) => [key, valueFor(document, part, variant, key, depth + 1)]),
    );
  }
  if (schema.type === 'array') {
    const length = typeof schema.minItems === 'number' ? Math.min(schema.minItems, 200) : 1;
    return Array.from({ length: Math.max(1, length) }, (_, i) =>
      valueFor(document, schema.items ?? {}, variant + i, name, depth + 1),
    );
  }
  if (schema.type === 'integer' || schema.type === 'number') return numberIn(schema, variant);
  if (schema.type === 'boolean') return variant % 2 === 0;
  if (schema.type === 'string') return SENTENCES[variant % SENTENCES.length] ?? 'text';
  return {};
}

function numberIn(schema: JsonObject, variant: number): number {
  const low =
    typeof schema.minimum === 'number'
      ? schema.minimum
      : typeof schema.exclusiveMinimum === 'number'
        ? schema.exclusiveMinimum
        : 0;
  const high =
    typeof schema.maximum === 'number'
      ? schema.maximum
      : typeof schema.exclusiveMaximum === 'number'
        ? schema.exclusiveMaximum
        : low + 10;
  // Spread over the middle of the range: its ends are legal but seldom ordinary.
  const value = low + (high - low) * ((variant + 1) / (VARIANTS + 1));
  return schema.type === 'integer' ? Math.round(value) : Number(value.toPrecision(4));
}

/** The example itself first, then the same with its numbers moved a little, types and keys untouched. */
function varied(example: Json, variant: number): Json {
  if (variant === 0) return example;
  if (typeof example === 'number')
    return Number.isInteger(example)
      ? example + ((variant % 3) - 1)
      : Number((example * (1 + 0.05 * ((variant % 5) - 2))).toPrecision(6));
  if (Array.isArray(example)) return (example as readonly Json[]).map((item) => varied(item, variant));
  if (isObject(example))
    return Object.fromEntries(Object.entries(example).map(([key, value]) => [key, varied(value, variant)]));
  return example;
}
