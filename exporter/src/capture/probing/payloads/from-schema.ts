import { isDeeper, isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { textOfPattern } from './from-pattern.js';
import { IMAGES, imageUrl } from './images.js';
import { DEEPEST_EXAMPLE, VARIANTS, variants, type PayloadBudget } from './payload-budget.js';
import { countOf, numbersOf } from './rows.js';
import { SENTENCES } from './sentences.js';

export const DEEPEST = 8;
const LONGEST_REFERENCE = 1_000;
const MOST_OPTIONS = 20;

/** Follows `$ref` inside the document; anything else is returned as it is. */
export function resolveReference(document: JsonObject, value: Json): Json {
  let current = value;
  for (let hops = 0; hops < DEEPEST && isObject(current) && typeof current.$ref === 'string'; hops += 1) {
    if (current.$ref.length > LONGEST_REFERENCE) return null;
    const path = current.$ref
      .replace(/^#\//, '')
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    current = path.reduce<Json>(
      (at, part) => (isObject(at) && Object.hasOwn(at, part) ? (at[part] ?? null) : null),
      document,
    );
  }
  return current;
}

/**
 * Several different payloads that are valid under a JSON schema (types, `$ref`, examples, enums, bounds, lengths, dates,
 * simple patterns): examples first; last one with what is required alone. What goes beyond the budget of a payload, and a schema
 * within itself, is null.
 */
export function payloadsFromSchema(document: JsonObject, schema: Json): readonly Json[] {
  const payloads = variants((variant, budget) =>
    valueFor({ document, budget, open: new Set() }, schema, variant, '', 0),
  );
  payloads.push(requiredIn(document, schema, payloads[0] ?? null));
  return [...new Map(payloads.map((payload) => [JSON.stringify(payload), payload])).values()];
}

/** A payload without the properties that may be left out. */
function requiredIn(document: JsonObject, given: Json, payload: Json): Json {
  const schema = resolveReference(document, given);
  if (!isObject(schema) || !isObject(payload) || !isList(schema.required)) return payload;
  const required = new Set(schema.required);
  if (required.size === 0) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => required.has(key)));
}

/** The option that is taken of several; null where there are none. */
export function optionOf({ anyOf, oneOf }: JsonObject): Json | null {
  const union = [anyOf, oneOf].find((list): list is readonly Json[] => list !== undefined && isList(list));
  if (union === undefined) return null;
  return union.slice(0, MOST_OPTIONS).find((option) => !(isObject(option) && option.type === 'null')) ?? {};
}

/** What is known while one payload is made. */
interface Filling {
  readonly document: JsonObject;
  readonly budget: PayloadBudget;
  /** Schemas within which the value stands. */
  readonly open: Set<Json>;
}

function valueFor(filling: Filling, given: Json, variant: number, name: string, depth: number): Json {
  if (!filling.budget.forValue()) return null;
  const schema = resolveReference(filling.document, given);
  if (!isObject(schema) || depth > DEEPEST) return {};
  if (filling.open.has(schema)) return null;
  filling.open.add(schema);
  const value = ofSchema(filling, schema, variant, name, depth);
  filling.open.delete(schema);
  return value;
}

/** What the document itself says, unless it is too large or too deep. */
const said = ({ budget }: Filling, value: Json): Json =>
  !isDeeper(value, DEEPEST_EXAMPLE) && budget.forValue(JSON.stringify(value).length) ? value : null;

function ofSchema(filling: Filling, schema: JsonObject, variant: number, name: string, depth: number): Json {
  const listed = [schema.examples, schema.enum].find(
    (list): list is readonly Json[] => isList(list) && list.length > 0,
  );
  if (schema.const !== undefined) return said(filling, schema.const);
  if (listed !== undefined) return said(filling, listed[variant % listed.length] ?? null);
  if (schema.example !== undefined) return varied(said(filling, schema.example), variant);
  if (schema.default !== undefined && variant === 0) return said(filling, schema.default);
  const option = optionOf(schema);
  if (option !== null) return valueFor(filling, option, variant, name, depth + 1);
  if (isList(schema.allOf)) {
    const parts = schema.allOf.map((part) => valueFor(filling, part, variant, name, depth + 1));
    return Object.fromEntries(parts.filter(isObject).flatMap((part) => Object.entries(part)));
  }
  return ofType(filling, schema, variant, name, depth);
}

function ofType(filling: Filling, schema: JsonObject, variant: number, name: string, depth: number): Json {
  const type = typeOf(schema);
  if (type === 'object' || isObject(schema.properties)) return propertiesOf(filling, schema, variant, depth);
  if (type === 'array') return itemsOf(filling, schema, variant, name, depth);
  if (type === 'integer' || type === 'number') return numberIn(schema, type === 'integer', variant);
  if (type === 'boolean') return variant % 2 === 0;
  if (type === 'file') return imageUrl(variant);
  if (type === 'tensor') return tensorOf(schema, variant, filling.budget);
  if (type === 'dataframe') return tableOf(schema, variant, filling.budget);
  if (type === 'string') return imageFor(schema, variant, name) ?? textOf(schema, variant, filling.budget);
  return {};
}

function propertiesOf(filling: Filling, { properties }: JsonObject, variant: number, depth: number): Json {
  const filled: [string, Json][] = [];
  for (const [key, part] of Object.entries(isObject(properties) ? properties : {})) {
    if (!filling.budget.forValue(key.length)) break;
    filled.push([key, valueFor(filling, part, variant, key, depth + 1)]);
  }
  return Object.fromEntries(filled);
}

function itemsOf(filling: Filling, schema: JsonObject, variant: number, name: string, depth: number): Json {
  const { minItems, items = {} } = schema;
  const first = isList(schema.prefixItems) ? schema.prefixItems : [];
  const least = Math.max(first.length, typeof minItems === 'number' ? Math.min(minItems, 200) : 0);
  // A node has children of its own kind, which may be none.
  if (least === 0 && filling.open.has(resolveReference(filling.document, items))) return [];
  const filled: Json[] = [];
  while (filled.length < Math.max(1, least) && !filling.budget.isSpent) {
    const i = filled.length;
    filled.push(valueFor(filling, first[i] ?? items, variant + i, name, depth + 1));
  }
  return filled;
}

/** Arrays and tables as BentoML describes them (bentoml/BentoML `_bentoml_sdk/validators.py`). */
function tensorOf({ shape }: JsonObject, variant: number, budget: PayloadBudget): Json {
  const sizes = isList(shape) ? shape.map((size) => (typeof size === 'number' ? size : 1)) : [1, WIDTH_OF_ROW];
  return budget.forNumbers(countOf(sizes)) ? (numbersOf(sizes, variant) ?? []) : [];
}
const WIDTH_OF_ROW = 4;

function tableOf({ columns, orient }: JsonObject, variant: number, budget: PayloadBudget): Json {
  const said = isList(columns) ? columns.filter((name) => typeof name === 'string' || typeof name === 'number') : null;
  const names = said?.map(String) ?? Array.from({ length: WIDTH_OF_ROW }, (_, i) => String(i));
  if (!names.every((name) => budget.forValue(name.length))) return [];
  const row = names.map((name, i): [string, Json] => [name, Number((0.5 + 0.37 * ((variant + i) % 11)).toFixed(3))]);
  return orient === 'columns'
    ? Object.fromEntries(row.map(([name, cell]) => [name, [cell]]))
    : [Object.fromEntries(row)];
}

/** The type; of several (JSON Schema 2020-12, `["number", "null"]`) the first that is not null. */
export function typeOf(schema: JsonObject): Json {
  if (!isList(schema.type)) return schema.type ?? null;
  return schema.type.slice(0, MOST_OPTIONS).find((type) => type !== 'null') ?? null;
}

/** Names and addresses of RFC 2606 and RFC 5737, which belong to nobody. */
const FORMATS: ReadonlyMap<Json, (variant: number) => string> = new Map(
  Object.entries({
    time: (variant: number) => `${String(8 + variant).padStart(2, '0')}:30:00Z`,
    email: (variant: number) => `reader${variant}@example.com`,
    uri: (variant: number) => `https://example.com/${variant}`,
    url: (variant: number) => `https://example.com/${variant}`,
    hostname: (variant: number) => `host${variant}.example.com`,
    ipv4: (variant: number) => `192.0.2.${1 + variant}`,
    ipv6: (variant: number) => `2001:db8::${1 + variant}`,
    uuid: (variant: number) => `3f2b8c1e-5d47-4a9e-8b16-0c7d2e9f4a1${(variant % 16).toString(16)}`,
    duration: (variant: number) => `PT${1 + variant}H`,
  }),
);

const NAMED_IMAGE =
  /^(image|img|photo|picture)(_?(data|b64|base64|bytes|file))?$|^b64$|(image|img|photo).?(b64|base64)/i;

/** A picture where a file is taken, as itself or in base64; null where a text is. */
function imageFor(schema: JsonObject, variant: number, name: string): string | null {
  const { format, contentEncoding, contentMediaType } = schema;
  if (format === 'binary' || (contentMediaType !== undefined && contentEncoding !== 'base64')) return imageUrl(variant);
  const isBase64 = format === 'byte' || format === 'base64' || contentEncoding === 'base64';
  return isBase64 || (format === undefined && NAMED_IMAGE.test(name))
    ? (IMAGES[variant % IMAGES.length] ?? null)
    : null;
}

/** What a pattern costs to read and to fill. */
const OF_A_PATTERN = 2_000;

function textOf(schema: JsonObject, variant: number, budget: PayloadBudget): string {
  const day = `2024-01-${String(1 + (variant % 28)).padStart(2, '0')}`;
  if (schema.format === 'date') return day;
  if (schema.format === 'date-time') return `${day}T12:00:00Z`;
  const formatted = FORMATS.get(schema.format ?? null)?.(variant);
  if (formatted !== undefined) return formatted;
  const { pattern } = schema;
  const isAfforded = typeof pattern === 'string' && budget.forValue(OF_A_PATTERN);
  const matching = isAfforded ? textOfPattern(pattern, variant) : null;
  if (matching !== null) return matching;
  const sentence = SENTENCES[variant % SENTENCES.length] ?? 'text';
  const shortest = typeof schema.minLength === 'number' ? Math.min(schema.minLength, 10_000) : 0;
  if (!budget.forValue(shortest)) return sentence;
  const longest = typeof schema.maxLength === 'number' ? schema.maxLength : Infinity;
  return `${sentence} `
    .repeat(Math.max(1, Math.ceil(shortest / (sentence.length + 1))))
    .slice(0, Math.max(sentence.length, shortest))
    .slice(0, longest);
}

const WIDTH = 10;

/** Spread over the middle of the range: its ends are legal but seldom ordinary. */
function numberIn(schema: JsonObject, isInteger: boolean, variant: number): number {
  const bound = (inclusive: Json | undefined, exclusive: Json | undefined, inward: number): number | null => {
    // OpenAPI 3.0 writes `exclusiveMinimum: true` beside `minimum`; 3.1 writes the bound itself.
    const limit = typeof exclusive === 'number' ? exclusive : typeof inclusive === 'number' ? inclusive : null;
    if (limit === null || !isInteger) return limit;
    const isOpen = typeof exclusive === 'number' || exclusive === true;
    const whole = inward > 0 ? Math.ceil(limit) : Math.floor(limit);
    return isOpen && whole === limit ? whole + inward : whole;
  };
  const minimum = bound(schema.minimum, schema.exclusiveMinimum, 1);
  const maximum = bound(schema.maximum, schema.exclusiveMaximum, -1);
  const low = minimum ?? (maximum === null || maximum > 0 ? 0 : maximum - WIDTH);
  const high = maximum ?? low + WIDTH;
  const value = low + (high - low) * ((variant + 1) / (VARIANTS + 1));
  return isInteger ? Math.round(value) : Number(value.toPrecision(4));
}

/** The example itself first, then the same with its numbers moved a little, types and keys untouched. */
function varied(example: Json, variant: number): Json {
  if (variant === 0) return example;
  if (typeof example === 'number')
    return Number.isInteger(example)
      ? example + ((variant % 3) - 1)
      : Number((example * (1 + 0.05 * ((variant % 5) - 2))).toPrecision(6));
  if (isList(example)) return example.map((item) => varied(item, variant));
  if (isObject(example))
    return Object.fromEntries(Object.entries(example).map(([key, value]) => [key, varied(value, variant)]));
  return example;
}
