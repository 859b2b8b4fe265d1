import { describe, expect, it } from 'vitest';
import { AnswersSoFar } from '../../../../exporter/src/capture/probing/answers-so-far.js';
import { modelAnswer } from '../../../../exporter/src/capture/probing/answers/read-answer.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import type { Endpoint, Model } from '../../../../exporter/src/domain/model.js';
import type { LearntAnswers } from '../../../../exporter/src/domain/probed-model.js';

const answerOf = (body: Json) =>
  modelAnswer({ kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 });
const endpoint: Endpoint = { url: 'http://m/p', connector: 'rest', settings: {}, authorizationSecret: null };
interface Watched {
  readonly endpoint: Endpoint;
  readonly state: Model['state'];
  readonly learnt: LearntAnswers | null;
}
const watched: Watched = { endpoint, state: 'learning', learnt: null };

describe('an empty list', () => {
  const settled = (before: readonly Json[], model = watched) => {
    const soFar = new AnswersSoFar();
    const last = soFar.noted(model, answerOf({ predictions: [] }));
    // What comes in the same cycle counts, whichever comes first.
    for (const body of before) soFar.noted(model, answerOf(body));
    return soFar.read(model, last);
  };

  it('is “none found” of a model that finds things', () => {
    const found = { predictions: [{ class: 'car', confidence: 0.9 }] };
    expect(settled([found])).toMatchObject({ kind: 'answer', prediction: 'none found' });
    expect(settled([found, { predictions: [] }])).toMatchObject({ kind: 'answer', prediction: 'none found' });
    const learnt = { classes: ['car', 'none found'], hasConfidence: true };
    expect(settled([], { ...watched, learnt })).toMatchObject({ kind: 'answer', prediction: 'none found' });
  });

  it('is a missing value of a model that gives one a row, and where nothing is known', () => {
    const failure = { reason: 'schema', detail: 'the list at /predictions is empty, so no prediction was found in it' };
    for (const before of [[{ predictions: [12.5] }], [{ predictions: ['a', 'b'] }], []])
      expect(settled(before)).toMatchObject({ kind: 'failure', failure });
    const learnt = { classes: ['a', 'b'], hasConfidence: true };
    expect(settled([], { ...watched, learnt })).toMatchObject({ kind: 'failure', failure });
    expect(settled([], { ...watched, state: 'configuring' })).toMatchObject({ kind: 'failure', failure });
  });
});

describe('an answer that is all what was sent', () => {
  const to = (payload: Json, body: Json) =>
    modelAnswer(
      { kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 },
      undefined,
      undefined,
      payload,
    );
  const clean = { value: 3.2, unit: 'kg' };
  const readClean = (before: ReturnType<typeof to>[], model = watched) => {
    const soFar = new AnswersSoFar();
    const last = soFar.noted(model, to(clean, clean));
    for (const answer of before) soFar.noted(model, answer);
    return soFar.read(model, last);
  };

  it('is one of a model that answers in that shape, which had nothing to mend', () => {
    const mended = to({ value: 31, unit: 'kg' }, { value: 3.1, unit: 'kg' });
    expect(readClean([mended])).toMatchObject({ kind: 'answer', prediction: 3.2 });
    expect(readClean([], { ...watched, learnt: { classes: [], hasConfidence: false } })).toMatchObject({
      kind: 'answer',
    });
  });

  it('is none of a model that answers otherwise, or of which nothing is known', () => {
    const failure = { reason: 'schema', detail: 'the answer repeats what it was sent, and nothing else' };
    expect(readClean([to(clean, { ...clean, price: 4 })])).toMatchObject({ kind: 'failure', failure });
    expect(readClean([])).toMatchObject({ kind: 'failure', failure });
    expect(readClean([], { ...watched, state: 'configuring' })).toMatchObject({ kind: 'failure', failure });
  });
});

describe('one probability beside the answers', () => {
  /** The last of several responses, read when all had come. */
  const read = (...bodies: Json[]) => {
    const soFar = new AnswersSoFar();
    const noted = bodies.map((body) => soFar.noted(watched, answerOf(body)));
    const [last] = noted.slice(-1).map((answer) => soFar.read(watched, answer));
    return last?.kind === 'answer' ? [last.confidence, last.from?.replace(/^.*?, /, '')] : null;
  };
  const TOO_LOW = 'no confidence (/score is too low to be one; point to it if it is)';

  it('is that of yes beside yes and no', () => {
    expect(read({ prediction: 'no', probability: 0.25 })).toEqual([
      0.75,
      'confidence from /probability (of the other answer)',
    ]);
    expect(read({ prediction: 1, score: 0.9 }, { prediction: 0, score: 0.2 }, { prediction: 1, score: 0.31 })).toEqual([
      0.31,
      'confidence from /score',
    ]);
  });

  it('is that of the answer once a third class is seen', () => {
    expect(read({ prediction: 7, probability: 0.9 }, { prediction: 0, probability: 0.31 })).toEqual([
      0.31,
      'confidence from /probability',
    ]);
  });

  it('is none where it goes below zero, be it of a class that is like yes', () => {
    expect(read({ prediction: -1, score: -0.05 }, { prediction: 1, score: 0.05 })).toEqual([
      null,
      'no confidence (/score is at times outside 0–1)',
    ]);
    expect(read(...[0.05, 0.06, 0.04].map((score) => ({ prediction: 1, score })))).toEqual([null, TOO_LOW]);
  });

  it('is no confidence where it is below one over the classes seen', () => {
    expect(read({ decision: 'approve', score: 0.11 })?.[0]).toBe(0.11);
    expect(read(...[0.11, 0.04, 0.17].map((score) => ({ decision: 'approve', score })))).toEqual([null, TOO_LOW]);
    const classes = ['a', 'b', 'c', 'd', 'e'].map((label) => ({ label, score: 0.3 }));
    expect(read(...classes.slice(0, 3))).toEqual([0.3, 'confidence from /score']);
    expect(read(...classes)).toEqual([0.3, 'confidence from /score']);
  });

  it('is doubt where it was a confidence before', () => {
    const sure = Array.from({ length: 40 }, (_, i) => ({ label: i % 2 === 0 ? 'a' : 'b', score: 0.9 - i / 1_000 }));
    expect(read(...sure, { label: 'a', score: 0.2 })).toEqual([0.2, 'confidence from /score']);
  });

  it('stays what it was when the baseline was learnt, also over a restart', () => {
    const last = (soFar: AnswersSoFar, learnt: LearntAnswers | null, ...bodies: Json[]) => {
      const model = { ...watched, learnt };
      const [answer] = bodies.map((body) => soFar.noted(model, answerOf(body))).slice(-1);
      const read = answer === undefined ? null : soFar.read(model, answer);
      return read?.kind === 'answer' ? read.confidence : undefined;
    };
    const binary = { classes: ['0', '1'], hasConfidence: true };
    const other = { prediction: 2, probability: 0.9 };
    const soFar = new AnswersSoFar();
    expect(last(soFar, null, { prediction: 0, probability: 0.25 })).toBe(0.75);
    for (const each of [soFar, new AnswersSoFar()])
      expect(last(each, binary, other, { prediction: 0, probability: 0.25 })).toBe(0.75);
    const risk = { classes: ['approve'], hasConfidence: false };
    expect(last(new AnswersSoFar(), risk, { decision: 'approve', score: 0.11 })).toBeNull();
    const low = [0.31, 0.35, 0.33, 0.3].map((score) => ({ label: 'neutral', score }));
    const emotions = { classes: ['neutral', 'joy'], hasConfidence: true };
    expect(last(new AnswersSoFar(), emotions, ...low)).toBe(0.3);
    // Another normal is learnt: what is read may turn out to be something else again.
    expect(last(soFar, null, other, { prediction: 0, probability: 0.25 })).toBe(0.25);
  });

  it('is not asked about where it is called a confidence, or is pointed to', () => {
    expect(read(...[0.11, 0.04, 0.17].map((confidence) => ({ label: 'a', confidence })))).toEqual([
      0.17,
      'confidence from /confidence',
    ]);
  });
});
