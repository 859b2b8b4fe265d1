import type { z } from 'zod';

/** How zod begins what it says by itself; what a schema says in its place is kept. */
const OF_ZOD = /^(?:Invalid|Too |Unrecognized)/;
/** What the kinds of values are called in JSON. */
export const KIND_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/**
 * What is wrong with a value, in plain words and without repeating it, to be read behind its name: `is missing`.
 * @param kinds what the kinds of values are called where it is read
 */
export function issueWords(
  issue: z.core.$ZodIssue,
  isPresent: boolean,
  kinds: Readonly<Record<string, string>> = KIND_WORDS,
): string {
  if (!isPresent && issue.code !== 'custom') return 'is missing';
  if (issue.code !== 'custom' && issue.message !== '' && !OF_ZOD.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return boundWords(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return boundWords(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'custom':
      return issue.message;
    default:
      return 'is not a value that can be used here';
  }
}

function boundWords(origin: string, limit: string, bound: number | bigint): string {
  if (origin === 'string') return `must have ${limit} ${String(bound)} characters`;
  return origin === 'array' ? `must have ${limit} ${String(bound)} items` : `must be ${limit} ${String(bound)}`;
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
