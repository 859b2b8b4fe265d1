import { describe, expect, it } from 'vitest';
import { modelAnswer, unlessAllSent } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import { withoutInputs } from '../../../../../exporter/src/capture/probing/answers/without-inputs.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';

const ROW = { age: 38, score: 0.4, country: 'DE' };
const answerTo = (payload: Json, body: Json) =>
  modelAnswer(
    { kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 },
    undefined,
    undefined,
    payload,
  );

describe('inputs that come back', () => {
  it.each<[string, Json, Json, Json]>([
    ['beside the answer', ROW, { ...ROW, premium: 412.7 }, { premium: 412.7 }],
    ['below a name', ROW, { input: ROW, premium: 412.7 }, { premium: 412.7 }],
    ['in rows', { instances: [ROW] }, { predictions: [{ ...ROW, price: 9 }] }, { predictions: [{ price: 9 }] }],
    ['in part', ROW, { age: 38, country: 'DE', premium: 1 }, { premium: 1 }],
  ])('are left out %s', (_, payload, body, rest) => {
    expect(withoutInputs(body, payload)).toEqual(rest);
  });

  it.each<[string, Json, Json]>([
    ['one field that is the same', ROW, { score: 0.4, label: 'a' }],
    ['other values', ROW, { age: 39, score: 0.5, country: 'FR', class: 1 }],
    ['a payload of one field', { text: 'a' }, { text: 'a' }],
    ['choices', { text: 'a', mode: 'b', labels: ['x', 'y'] }, { labels: ['x', 'y'], scores: [0.9, 0.1] }],
    ['no object', [[1, 2, 3]], { prediction: [1, 2, 3] }],
    ['an empty answer', ROW, {}],
  ])('are not seen in %s', (_, payload, body) => {
    expect(withoutInputs(body, payload)).toEqual(body);
  });

  it('are the rows whose ids come back in their order, of which none is recommended', () => {
    const scores = (first: string, second: string) => ({
      predictions: [
        { sku: first, score: 12.5 },
        { sku: second, score: 40.1 },
      ],
    });
    const sent = { instances: [{ sku: 'A' }, { sku: 'B' }] };
    expect(answerTo(sent, scores('A', 'B'))).toMatchObject({ prediction: 12.5 });
    expect(answerTo(sent, scores('B', 'A'))).toMatchObject({ prediction: 'A' });
    expect(answerTo({ user: 7 }, scores('A', 'B'))).toMatchObject({ prediction: 'B' });
  });

  it('are not taken for the answer', () => {
    expect(answerTo(ROW, { ...ROW, premium: 412.7 })).toMatchObject({
      prediction: 412.7,
      confidence: null,
      from: 'prediction from /premium, no confidence',
      shape: 'age:number,country:string,premium:number,score:number',
    });
    expect(answerTo(ROW, { ...ROW, prediction: 'yes', probability: 0.9 })).toMatchObject({
      prediction: 'yes',
      confidence: 0.9,
    });
    expect(unlessAllSent(answerTo(ROW, ROW))).toMatchObject({
      kind: 'failure',
      failure: { reason: 'schema', detail: 'the answer repeats what it was sent, and nothing else' },
    });
  });
});
