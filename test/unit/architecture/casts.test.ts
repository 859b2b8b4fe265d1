import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../../exporter/src');
/** Casts there are. It may only fall: lower it with what you remove. What comes from outside is checked by zod instead. */
const CASTS = 107;

/** `x as T` and `<T>x`, but not `as const`, with the place of each. */
function castsIn(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(join(SOURCE, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isCast = ts.isAsExpression(node) || ts.isTypeAssertionExpression(node);
    if (isCast && node.type.getText(source) !== 'const')
      found.push(
        `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1} ${node.getText(source)}`,
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const casts = files.sort().flatMap(castsIn);

it('tells the compiler no more than it did what it cannot see', () => {
  expect(casts.length, casts.join('\n')).toBeLessThanOrEqual(CASTS);
});

it('never tells it first to forget what it knows', () => {
  expect(casts.filter((cast) => /\bas (unknown|any) as\b/.test(cast))).toEqual([]);
});
