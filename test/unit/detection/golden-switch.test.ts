import { describe, expect, it } from 'vitest';
import { goldenEvidence } from '../../../exporter/src/detection/golden.js';
import { onePeriod, type RepeatedAnswer } from '../../../exporter/src/detection/golden-switch.js';
import type { Sample } from '../../../exporter/src/domain/observation.js';
import { GoldenAnswers } from '../../../exporter/src/monitoring/golden-answers.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from './rows.js';

const INPUTS = 5;
/** Cycles of all inputs; `answer` says how an input is answered in a cycle. */
const cycles = (
  count: number,
  answer: (input: number, cycle: number) => Omit<RepeatedAnswer, 'goldenId'>,
): RepeatedAnswer[] =>
  Array.from({ length: count * INPUTS }, (_, i) => ({
    goldenId: `g${i % INPUTS}`,
    ...answer(i % INPUTS, Math.floor(i / INPUTS)),
  }));
const ALL = 4 * INPUTS;

describe('golden answers of one period', () => {
  const random = seededRandom('noise');
  const noisy = (level: number): number => level + 0.03 * (random.next() - 0.5);
  const replacedAfter = (old: number) =>
    cycles(4, (input, cycle) => ({
      answer: cycle < old ? 'yes' : input % 2 === 0 ? 'no' : 'yes',
      confidence: noisy(cycle < old ? 0.9 : 0.6),
    }));

  it('are those before a switch until the new ones repeat, then those since', () => {
    expect([4, 3, 2, 1, 0].map((old) => onePeriod(replacedAfter(old)))).toEqual([
      [0, ALL],
      [0, 3 * INPUTS],
      [2 * INPUTS, ALL],
      [INPUTS, ALL],
      [0, ALL],
    ]);
  });

  it('are all where answers alternate, as of a coin or of a confidence that jumps', () => {
    let split = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const coin = seededRandom(`coin ${seed}`);
      const flipped = cycles(4, () => ({
        answer: coin.next() < 0.5 ? 'a' : 'b',
        confidence: 0.6 + 0.35 * coin.next(),
      }));
      const jumping = cycles(4, () => ({ answer: 'a', confidence: coin.next() }));
      for (const answers of [flipped, jumping]) if (onePeriod(answers)[1] - onePeriod(answers)[0] < ALL) split += 1;
    }
    expect(split).toBeLessThanOrEqual(2);
  });

  it('are all where one answer in a cycle was another one', () => {
    const odd = cycles(4, (input, cycle) => ({ answer: input === 2 && cycle === 3 ? 'b' : 'a', confidence: null }));
    expect(onePeriod(odd)).toEqual([0, ALL]);
  });

  it('are no scatter while a model is replaced, and another answer as soon as the new ones repeat', () => {
    const sample = (i: number, isNew: boolean): Sample => ({
      observation: observation({
        source: 'golden',
        goldenId: `g${i % INPUTS}`,
        prediction: isNew ? 'no' : 'yes',
        confidence: isNew ? 0.6 : 0.9,
        atMs: i,
      }),
      shape: 's',
    });
    const golden = new GoldenAnswers((text) => text, [], []);
    for (let i = 0; i < ALL; i += 1) golden.add(sample(i, false), INPUTS, true);
    const before = golden.learning();
    const changed: number[] = [];
    for (let i = ALL; i < 2 * ALL; i += 1) {
      golden.add(sample(i, true), INPUTS, false);
      const evidence = goldenEvidence(before, golden.now());
      expect(evidence.answerFlipShare ?? 0).toBeLessThan(0.25);
      expect(evidence.confidenceSpread ?? 0).toBeLessThan(0.15);
      if (i % INPUTS === INPUTS - 1) changed.push(evidence.answersChanged);
    }
    expect(changed).toEqual([0, 5, 5, 5]);
  });
});
