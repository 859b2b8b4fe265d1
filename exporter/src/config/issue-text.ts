import type { z } from 'zod';
import { issueWords, KIND_WORDS } from '../domain/issue-words.js';
import { keysUnder } from './keys.js';
import { nearestKey } from './nearest-key.js';

type Issue = z.core.$ZodIssue;

/** What is wrong and what to write instead, without repeating the value (it may be a secret). */
export interface IssueText {
  readonly path: readonly PropertyKey[];
  /** Set when the place is a key, not a value. */
  readonly unknownKey: string | null;
  readonly message: string;
  readonly remedy: string;
}

/** In YAML an object is a section. */
const YAML_WORDS: Readonly<Record<string, string>> = {
  ...KIND_WORDS,
  object: 'a section with keys of its own',
  record: 'a section with keys of its own',
};
const KIND_REMEDIES: Readonly<Record<string, string>> = {
  string: 'put the value in quotes',
  number: 'write digits without quotes, e.g. 10 or 0.5',
  int: 'write digits without quotes or a decimal point, e.g. 10',
  boolean: 'write true or false without quotes',
  array: 'write `[a, b]`, or one item per line after `- `',
  object: 'write its keys below it, indented by two spaces',
  record: 'write its keys below it, indented by two spaces',
};

/** Says an issue of the schema in plain words; unknown keys become one text each. */
export function textsOf(issue: Issue, isPresent: (path: readonly PropertyKey[]) => boolean): readonly IssueText[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKeyText(issue.path, key));
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0];
    const [text] = inner === undefined ? [] : textsOf(inner, () => true);
    return [
      {
        path: issue.path.slice(0, -1),
        unknownKey: String(issue.path[issue.path.length - 1]),
        message: text?.message ?? 'is not a name that can be used here',
        remedy: text?.remedy ?? 'write a short name',
      },
    ];
  }
  return [{ path: issue.path, unknownKey: null, ...valueText(issue, isPresent(issue.path)) }];
}

function unknownKeyText(path: readonly PropertyKey[], key: string): IssueText {
  const known = keysUnder(path);
  const near = nearestKey(key, known);
  return {
    path,
    unknownKey: key,
    message: 'is not a key that can be used here',
    remedy: near === null ? `use one of ${known.map((name) => `\`${name}\``).join(', ')}` : `did you mean \`${near}\`?`,
  };
}

const valueText = (issue: Issue, present: boolean): { readonly message: string; readonly remedy: string } => ({
  message:
    present && issue.code === 'invalid_value'
      ? 'is not one of the values that can be used here'
      : issueWords(issue, present, YAML_WORDS),
  remedy: remedyOf(issue, present),
});

function remedyOf(issue: Issue, present: boolean): string {
  switch (issue.code) {
    case 'invalid_type':
      return present
        ? (sectionRemedy(issue) ?? KIND_REMEDIES[issue.expected] ?? `write ${issue.expected}`)
        : `add it; it is ${YAML_WORDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return boundRemedy(issue.origin, 'raise', 'add to');
    case 'too_big':
      return boundRemedy(issue.origin, 'lower', 'shorten');
    case 'invalid_value':
      return `write one of ${issue.values.map((value) => `\`${String(value)}\``).join(', ')}`;
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy'];
      return typeof remedy === 'string' ? remedy : 'correct the value';
    }
    default:
      return 'see mlfi.example.yml for this key';
  }
}

const MOST_NAMED = 6;

/** Names the keys of a small section. */
function sectionRemedy({ expected, path }: z.core.$ZodIssueInvalidType): string | null {
  const keys = expected === 'object' ? keysUnder(path) : [];
  if (keys.length === 0 || keys.length > MOST_NAMED) return null;
  return `write its keys (${keys.map((key) => `\`${key}\``).join(', ')}) below it, indented by two spaces`;
}

const boundRemedy = (origin: string, number: string, collection: string): string =>
  origin === 'string' || origin === 'array' ? `${collection} it` : `${number} it`;
