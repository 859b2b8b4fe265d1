import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './expressions.js';

export interface Fragment {
  /** What it is to be checked as. */
  readonly check: string;
  readonly language: string;
  readonly text: string;
  /** 1-based line of its first line. */
  readonly line: number;
}

const FENCE = /(?:<!-- check: ([a-z-]+) -->\n\n)?```(\w*)\n([\s\S]*?)```/g;

/** The fenced fragments of docs/add-to-existing.md; `check` is empty where nothing says how to check one. */
export function guideFragments(): readonly Fragment[] {
  const guide = readFileSync(join(ROOT, 'docs/add-to-existing.md'), 'utf8');
  return [...guide.matchAll(FENCE)].map((match) => ({
    check: match[1] ?? '',
    language: match[2] ?? '',
    text: match[3] ?? '',
    line: guide.slice(0, match.index).split('\n').length,
  }));
}
