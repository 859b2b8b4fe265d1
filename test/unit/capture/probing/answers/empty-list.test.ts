import { describe, expect, it } from 'vitest';
import {
  emptyListIn,
  emptyOnTheWay,
  isNoneFound,
} from '../../../../../exporter/src/capture/probing/answers/empty-list.js';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';

const answerTo = (body: Json, prediction?: string) =>
  modelAnswer(
    { kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 },
    undefined,
    prediction === undefined ? undefined : { prediction },
  );

describe('an empty list', () => {
  it.each<[Json, string]>([
    [[], ''],
    [[[]], '/0'],
    [{ predictions: [] }, '/predictions'],
    [{ predictions: [], image: { width: 10, height: 20 } }, '/predictions'],
    [{ boxes: [], labels: [], scores: [], size: [640, 480] }, '/boxes'],
    [{ detections: [], errors: [], time: 0.1 }, '/detections'],
    [{ detections: [], status: 'empty', message: 'no objects found' }, '/detections'],
    [{ statusCode: 200, body: '{"detections": []}' }, '/body/detections'],
  ])('%j says that nothing was found', (body, place) => {
    expect(emptyListIn(body)).toBe(place);
    expect(answerTo(body)).toMatchObject({ kind: 'answer', prediction: 'none found', confidence: null, noneAt: place });
  });

  it.each<[Json]>([
    [{ prediction: null }],
    [{ errors: [] }],
    [{ prediction: null, confidence: null, reasons: [] }],
    [{ results: [], status: 'degraded' }],
    [{ predictions: [], reason: 'model not loaded' }],
    [{ choices: [] }],
    [{ model_name: 'm', outputs: [] }],
    [{ kept: [{ a: 1 }], dropped: [] }],
    [{}],
  ])('is none in %j', (body) => {
    expect(answerTo(body).kind).toBe('failure');
  });

  it('stands on the way to where a pointer leads', () => {
    expect(emptyOnTheWay({ predictions: [] }, '/predictions/0/class')).toBe('/predictions');
    expect(emptyOnTheWay([], '/0/class')).toBe('');
    expect(emptyOnTheWay({ predictions: [{}] }, '/predictions/0/class')).toBeNull();
    expect(answerTo({ predictions: [] }, '/predictions/0/class')).toMatchObject({ prediction: 'none found' });
    expect(answerTo({ predictions: [] }, '/elsewhere').kind).toBe('failure');
  });

  it.each<[boolean, string, string | null]>([
    [false, '/predictions', null],
    [false, '/predictions', 'predictions[]:string'],
    [true, '/detections', null],
    [true, '/predictions', 'predictions[].class:string,predictions[].confidence:number'],
    [true, '', '[].entity_group:string,[].score:number'],
    [true, '/labels', 'labels[]:number'],
    [false, '/predictions', 'predictions[]:number'],
    [false, '/predictions', 'predictions[][]:number'],
    [false, '', '[]:number'],
    [false, '/prediction', 'prediction:number'],
  ])('is %s to mean “none found” at “%s” after %s', (isFound, place, shape) => {
    expect(isNoneFound(place, shape)).toBe(isFound);
  });
});
