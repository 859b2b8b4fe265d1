import { describe, expect, it } from 'vitest';
import {
  answerText,
  isWrong,
  quantityOf,
  sameAnswer,
  type Prediction,
} from '../../../exporter/src/domain/observation.js';

const ONE: readonly Prediction[] = [1, '1', '1.0', ' 1 ', '1.000', '+1', true, 'true', 'TRUE', ' Yes', 'yes', '1e0'];
const ZERO: readonly Prediction[] = [0, -0, '0', '0.0', '-0', false, 'False', 'no', 'NO '];

describe('a label and a prediction', () => {
  it('are compared by meaning, not by spelling', () => {
    for (const spellings of [ONE, ZERO])
      for (const a of spellings) for (const b of spellings) expect(sameAnswer(a, b), `${a} and ${b}`).toBe(true);
    for (const a of ONE) for (const b of ZERO) expect(sameAnswer(a, b), `${a} and ${b}`).toBe(false);
  });

  it.each<readonly [Prediction, Prediction]>([
    ['a', 'A'],
    ['007', '7'],
    ['t', 'true'],
    ['n', 'no'],
    ['y', 1],
    [9007199254740992, '9007199254740993'],
    ['12345678901234567890', '12345678901234567891'],
    [2, '2.5'],
    ['1', '10'],
    ['yes', 'yes please'],
    ['', '0'],
    ['Infinity', 'yes'],
    ['0x1', 1],
    ['1,5', '1.5'],
    [null, null],
    [null, ''],
    [0, null],
  ])('%s and %s are two', (a, b) => expect(sameAnswer(a, b)).toBe(false));

  it.each<readonly [Prediction, Prediction]>([
    ['cat ', 'cat'],
    ['caf\u00e9', 'cafe\u0301'],
    [0.1, 0.10000000149011612],
    ['0.25', 0.25],
    [1e21, '1000000000000000000000'],
    ['12345678901234567890', '12345678901234567890'],
    [123456789, '123456789.0'],
    ['1e3', 1000],
    ['-5', -5],
    ['モデル', 'モデル'],
  ])('%s and %s are one', (a, b) => expect(sameAnswer(a, b)).toBe(true));

  it('keep the hashes of the ledgers written before', () => {
    expect(answerText('versicolor')).toBe('text:versicolor');
    expect(answerText(3)).toBe('number:3');
    expect(answerText(12.5)).toBe('number:12.5');
  });
});

it('a quantity sent as text is a quantity', () => {
  expect(['12.5', ' 3 ', '-1e3', 7].map(quantityOf)).toEqual([12.5, 3, -1000, 7]);
  expect(['007', 'yes', '', true, null, 'NaN', '1e999', Infinity].map(quantityOf)).toEqual(Array(8).fill(null));
});

it('an answer is wrong only where a label says otherwise, however either is spelled', () => {
  expect(isWrong({ prediction: 1, label: '1.0' })).toBe(false);
  expect(isWrong({ prediction: 'yes', label: 'no' })).toBe(true);
  expect(isWrong({ prediction: null, label: 'no' })).toBeNull();
  expect(isWrong({ prediction: 'yes', label: null })).toBeNull();
});
