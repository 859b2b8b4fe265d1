import { describe, expect, it } from 'vitest';
import { AnswersSoFar } from '../../../../exporter/src/capture/probing/answers-so-far.js';
import { modelAnswer } from '../../../../exporter/src/capture/probing/answers/read-answer.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import { modelOf } from '../../../fixtures/model.js';

const answerOf = (body: Json) =>
  modelAnswer({ kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 });
const watched = modelOf({ state: 'learning' });

describe('an empty list', () => {
  const settled = (before: readonly Json[], model = watched) => {
    const soFar = new AnswersSoFar();
    for (const body of before) soFar.settled(model, answerOf(body));
    return soFar.settled(model, answerOf({ predictions: [] }));
  };

  it('is “none found” of a model that finds things', () => {
    const found = { predictions: [{ class: 'car', confidence: 0.9 }] };
    expect(settled([])).toMatchObject({ kind: 'answer', prediction: 'none found' });
    expect(settled([found])).toMatchObject({ kind: 'answer', prediction: 'none found' });
    expect(settled([found, { predictions: [] }])).toMatchObject({ kind: 'answer', prediction: 'none found' });
  });

  it('is a missing value of a model that gives a number, and of one that never answered', () => {
    const failure = { reason: 'schema', detail: 'the list at /predictions is empty, so no prediction was found in it' };
    expect(settled([{ predictions: [12.5] }])).toMatchObject({ kind: 'failure', failure });
    expect(settled([], { ...watched, state: 'configuring' })).toMatchObject({ kind: 'failure', failure });
  });
});
