import type { Json } from '../../../domain/json.js';
import { SENTENCES } from './sentences.js';

/** A payload made of the fields a server names when it refuses others. */
export interface NamedFields {
  readonly payload: Json;
  /** In the address and not in the body. */
  readonly isQuery: boolean;
  /** For people, and different for different fields and kinds. */
  readonly what: string;
}

/** Names of fields that are missing: pydantic, serde, jsonschema, Python’s `KeyError`, and words of people. */
const MISSING = [
  /([\w.-]+): (?:field required|missing data for required field)/gi,
  /KeyError: [`'"]([\w-]+)[`'"]/g,
  /missing (?:required |the )?(?:fields?|keys?|parameters?|arguments?|property|properties)?:? ?[`'"]([\w-]+)[`'"]/gi,
  /[`'"]([\w-]+)[`'"] (?:key |field |parameter )?is (?:a )?(?:required|missing)/gi,
];
/** What a field is, as pydantic says it (2.x, then 1.x). */
const KIND =
  /([\w.-]+): (?:Input should be (?:a |an )?(?:valid )?(number|integer|boolean|list|dictionary)|value is not a valid (float|integer|boolean|list|dict)|value could not be parsed to a (boolean))/gi;
const CHOICE = /([\w.-]+): Input should be '([^']{1,60})'/g;
const MOST_FIELDS = 40;

type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'list' | 'object' | `=${string}`;
const KINDS: Readonly<Record<string, Kind>> = {
  number: 'number',
  float: 'number',
  integer: 'integer',
  boolean: 'boolean',
  list: 'list',
  dictionary: 'object',
  dict: 'object',
};

/** The fields that refusals name, of the kinds they say; a text where they say none. Null where none is named. */
export function payloadNamed(words: string): NamedFields | null {
  const kinds = new Map<string, Kind>();
  for (const pattern of MISSING)
    for (const [, name = ''] of words.matchAll(pattern)) if (!kinds.has(name)) kinds.set(name, 'text');
  if (kinds.size === 0 || kinds.size > MOST_FIELDS) return null;
  for (const [, name = '', second, first, coerced] of words.matchAll(KIND))
    if (kinds.has(name)) kinds.set(name, KINDS[(second ?? first ?? coerced ?? '').toLowerCase()] ?? 'text');
  for (const [, name = '', choice = ''] of words.matchAll(CHOICE)) if (kinds.has(name)) kinds.set(name, `=${choice}`);
  const isQuery = [...kinds.keys()].every((name) => name.startsWith('query.'));
  const fields = [...kinds].map(([name, kind]) => ({ path: name.replace(/^query\./, '').split('.'), kind }));
  const told = fields.map(
    ({ path, kind }) => `${path.join('.')}${kind === 'text' ? '' : ` (${kind.replace('=', '')})`}`,
  );
  return { payload: nested(fields, 0), isQuery, what: `fields the server names: ${told.join(', ').slice(0, 200)}` };
}

interface Field {
  readonly path: readonly string[];
  readonly kind: Kind;
}

/** Fields by the first part of their path; places in a list become its items. */
function nested(fields: readonly Field[], seed: number): Json {
  const groups = new Map<string, Field[]>();
  for (const { path, kind } of fields) {
    const [name = '', ...inner] = path;
    groups.set(name, [...(groups.get(name) ?? []), { path: inner, kind }]);
  }
  const parts = [...groups].map(([name, inner], i): [string, Json] => {
    const [only] = inner.filter(({ path }) => path.length === 0);
    const deeper = inner.filter(({ path }) => path.length > 0);
    return [name, deeper.length > 0 ? nested(deeper, seed + i) : valueOf(only?.kind ?? 'text', seed + i)];
  });
  return parts.every(([name]) => /^\d+$/.test(name)) ? parts.map(([, value]) => value) : Object.fromEntries(parts);
}

function valueOf(kind: Kind, seed: number): Json {
  if (kind.startsWith('=')) return kind.slice(1);
  if (kind === 'number') return Number((0.5 + 0.37 * (seed % 11)).toFixed(2));
  if (kind === 'integer') return 1 + (seed % 9);
  if (kind === 'boolean') return true;
  if (kind === 'list') return [0.5, 1.2, 3.1, 0.4];
  return kind === 'object' ? {} : (SENTENCES[seed % SENTENCES.length] ?? '');
}
