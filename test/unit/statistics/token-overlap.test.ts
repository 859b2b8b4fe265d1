import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  answersApart,
  isKnownAnswer,
  sameAnswerAmong,
  tokenOverlap,
  tokenSketch,
} from '../../../exporter/src/statistics/token-overlap.js';

const hash = (text: string): string => createHash('sha256').update(`salt ${text}`).digest('base64url').slice(0, 22);
const sketch = (text: string): string => tokenSketch(text, hash);
const words = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `word${from + i}`).join(' ');

describe('tokenSketch', () => {
  it('is the same for texts that differ in case, spaces and punctuation alone, and holds no word of them', () => {
    expect(sketch('  The capital\nof France is PARIS!')).toBe(sketch('the capital of France is Paris.'));
    expect(sketch('The capital of France is Paris.')).not.toBe(sketch('The capital of France is Lyon.'));
    expect(sketch('very, very good')).not.toBe(sketch('very good'));
    expect(sketch('The capital of France is Paris.')).not.toMatch(/paris|france|capital/i);
  });
  it('reads scripts without spaces letter by letter', () => {
    expect(tokenOverlap(sketch('東京は日本の首都です'), sketch('京都は日本の首都です'))).toBeGreaterThan(0.6);
  });
});

describe('tokenOverlap', () => {
  it('is the share of tokens in common', () => {
    expect(tokenOverlap(sketch('a b c'), sketch('b c d'))).toBe(0.5);
    expect(tokenOverlap(sketch('yes'), sketch('no'))).toBe(0);
    expect(tokenOverlap(sketch(''), sketch(''))).toBe(1);
    expect(tokenOverlap(sketch(''), sketch('a'))).toBe(0);
    expect(tokenOverlap('a hash', sketch('a'))).toBe(0);
  });
  it('is estimated for long texts', () => {
    expect(tokenOverlap(sketch(words(0, 600)), sketch(words(200, 800)))).toBeCloseTo(0.5, 0);
    expect(tokenOverlap(sketch(words(0, 600)), sketch(words(600, 1_200)))).toBe(0);
  });
});

describe('isKnownAnswer', () => {
  const first = 'the quick brown fox jumps over the lazy dog and runs away';
  it('takes one word in twenty, and no more, where the baseline answered always the same', () => {
    const long = words(0, 40);
    expect(isKnownAnswer(sketch(`${long} more`), [sketch(long)])).toBe(true);
    expect(isKnownAnswer(sketch(`${words(0, 20)} ${words(50, 70)}`), [sketch(long)])).toBe(false);
    expect(isKnownAnswer(sketch('negative'), [sketch('positive')])).toBe(false);
  });
  it('takes what differs no more than answers of the baseline did, but never less than half', () => {
    const known = [sketch(first), sketch('the quick brown fox jumps over a lazy cat and runs home')];
    const near = sketch('the quick brown fox leaps over the lazy dog and walks away');
    expect(isKnownAnswer(near, known)).toBe(true);
    expect(isKnownAnswer(near, known.slice(0, 1))).toBe(false);
    expect(isKnownAnswer(sketch('I cannot help with that'), [...known, sketch('entirely other words here')])).toBe(
      false,
    );
  });
  it('compares what is no text exactly', () => {
    expect(isKnownAnswer('x', ['x', 'y'])).toBe(true);
    expect(isKnownAnswer('z', ['x', 'y'])).toBe(false);
  });
});

it('counts nearly the same texts as one answer', () => {
  const long = words(0, 40);
  expect(sameAnswerAmong([sketch(long)], sketch(`${long} more`))).toBe(sketch(long));
  expect([
    ...answersApart({ [sketch(long)]: 3, [sketch(`${words(0, 32)} x y`)]: 2, [sketch('no')]: 1 }).values(),
  ]).toEqual([5, 1]);
});
