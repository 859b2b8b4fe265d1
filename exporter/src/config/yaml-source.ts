import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { ConfigProblem } from './problem.js';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A configuration file's text with the places of its keys. */
export interface YamlSource {
  /** Plain value of the document; an empty object for an empty file. */
  readonly value: unknown;
  /** Where the value at `path` stands; where its nearest existing parent stands when there is none. */
  placeOf(path: readonly PropertyKey[]): Place;
  /** Where the key itself stands. */
  placeOfKey(path: readonly PropertyKey[], key: string): Place;
}

/**
 * Parses YAML 1.2 (core schema, no anchors expanded more than 100 times).
 * @returns the problems when the text is not one YAML document with unique keys
 */
export function parseYaml(
  file: string,
  text: string,
):
  | { readonly kind: 'ok'; readonly source: YamlSource }
  | { readonly kind: 'refused'; readonly problems: ConfigProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return {
      kind: 'refused',
      problems: document.errors.map((error) => ({
        file,
        ...at(error.pos[0]),
        key: '',
        ...syntaxMessage(error.code, error.message),
      })),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch {
    const problem = { file, line: 1, column: 1, key: '', message: 'repeats aliases too often' };
    return {
      kind: 'refused',
      problems: [{ ...problem, remedy: 'write the values out instead of using anchors and aliases' }],
    };
  }
  return {
    kind: 'ok',
    source: {
      value,
      placeOf: (path) => at(offsetOf(document, path)),
      placeOfKey: (path, key) => at(keyOffset(document.getIn(path, true), key) ?? offsetOf(document, path)),
    },
  };
}

function syntaxMessage(code: string, message: string): { readonly message: string; readonly remedy: string } {
  switch (code) {
    case 'DUPLICATE_KEY':
      return { message: 'the same key is given twice', remedy: 'keep one of the two' };
    case 'TAB_AS_INDENT':
      return { message: 'a tab is used for indentation', remedy: 'indent with spaces' };
    case 'MULTIPLE_DOCS':
      return {
        message: 'the file holds more than one YAML document',
        remedy: 'remove the `---` line and what follows',
      };
    default:
      return {
        message: `this is not valid YAML (${message.slice(0, 120).replaceAll(/\s+/g, ' ').toLowerCase()})`,
        remedy: 'check indentation, quotes and brackets here and in the line above',
      };
  }
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent = path.slice(0, length);
    const node: unknown = length === 0 ? document.contents : document.getIn(parent, true);
    if (isNode(node) && node.range) return node.range[0];
    if (length > 0) {
      const key = keyOffset(document.getIn(parent.slice(0, -1), true), String(parent[parent.length - 1]));
      if (key !== null) return key;
    }
  }
  return 0;
}

function keyOffset(node: unknown, key: string): number | null {
  if (!isMap(node)) return null;
  for (const pair of node.items) {
    if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key && pair.key.range)
      return pair.key.range[0];
  }
  return null;
}
