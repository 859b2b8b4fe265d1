import { describe, expect, it } from 'vitest';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import type { AnswerPointers } from '../../../../../exporter/src/domain/asking.js';
import type { Failure } from '../../../../../exporter/src/domain/observation.js';
import { setupProblemOf } from '../../../../../exporter/src/domain/setup-problem.js';

const answered = (body: string, pointers?: AnswerPointers, status = 200) =>
  modelAnswer(
    { kind: 'answer', status, headers: { 'content-type': 'application/json' }, body, latencySeconds: 0.1 },
    undefined,
    pointers,
  );
const failureOf = (body: string, pointers?: AnswerPointers, status = 200): Failure => {
  const read = answered(body, pointers, status);
  if (read.kind === 'answer') expect.fail('it was read');
  return read.failure;
};
const BODY = '{"label": "a", "score": 0.9, "out": {"class": "b", "p": 0.7}}';

describe('pointers that are given', () => {
  it.each<[AnswerPointers, string, string]>([
    [{ prediction: '/out/class' }, 'b', 'prediction from /out/class, as given, confidence from /score'],
    [{ confidence: '/out/p' }, 'a', 'prediction from /label, confidence from /out/p, as given'],
    [{ confidence: '/nowhere' }, 'a', 'prediction from /label, no confidence: there is nothing at /nowhere, as given'],
  ])('%j are told', (pointers, prediction, from) => {
    expect(answered(BODY, pointers)).toMatchObject({ prediction, from });
  });

  it('to a prediction that is not there are no answer', () => {
    const { reason, detail } = failureOf(BODY, { prediction: '/nowhere' });
    expect(reason).toBe('schema');
    expect(detail).toContain('no prediction was found at /nowhere, as given, (fields: label:string');
  });
});

it('of an answer that holds NaN it is said that JSON has no such number', () => {
  const failure = failureOf('{"prediction": NaN, "n": [Infinity, 1]}');
  expect(failure.detail).toBe('the answer holds NaN or Infinity, which JSON has not');
  expect(setupProblemOf(failure).advice).toContain('Let the server answer null');
  expect(failureOf('NaN is what I say, {').detail).not.toContain('JSON has not');
});

it('of a payload without its file it is said how a file is sent', () => {
  const body = JSON.stringify({ detail: [{ loc: ['body', 'file'], msg: 'Field required' }] });
  expect(setupProblemOf(failureOf(body, undefined, 422)).sentence).toContain('`connector: multipart`');
  const age = JSON.stringify({ detail: [{ loc: ['body', 'age'], msg: 'Field required' }] });
  expect(setupProblemOf(failureOf(age, undefined, 422)).sentence).not.toContain('multipart');
});
