import { expect, it } from 'vitest';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import { setupProblemOf } from '../../../../../exporter/src/domain/setup-problem.js';

const told = (body: Json, payload: Json = { age: 38, country: 'Portugal' }) => {
  const answer = modelAnswer(
    {
      kind: 'answer',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      latencySeconds: 0.01,
    },
    undefined,
    undefined,
    payload,
  );
  return answer.kind === 'answer' ? answer.prediction : `${answer.failure.reason}: ${answer.failure.detail}`;
};

it.each<[Json, string]>([
  [
    { エラー: 'モデルが読み込まれていません' },
    'error_body: the server answered 200 with an error in it: “モデルが読み込まれていません”',
  ],
  [
    { fehler: 'Das Modell ist nicht geladen', status: 'fehler' },
    'error_body: the server answered 200 with an error in it: “Das Modell ist nicht geladen”',
  ],
  [
    { problema: 'El modelo no está cargado' },
    'error_body: the server answered 200 with an error in it: “El modelo no está cargado”',
  ],
  [
    { estado: 1, mensaje: 'El modelo no está cargado' },
    'schema: no prediction was found in the answer, which says “El modelo no está cargado” (fields: estado:number,mensaje:string)',
  ],
  [
    { customer_name: 'Ana Maria de Souza Pereira', id: 7, city: 'Lisbon' },
    'schema: no prediction was found in the answer (fields: city:string,customer_name:string,id:number)',
  ],
  [{ prediction: null, confidence: null }, 'no_answer: the prediction at /prediction is null'],
  [{ predictions: [null] }, 'no_answer: the prediction at /predictions/0 is null'],
  [
    { prediction: null, reason: 'feature store is down' },
    'no_answer: the prediction at /prediction is null, and the server says “feature store is down”',
  ],
])('a body in which nothing is predicted is told in its own words: %j', (body, expected) => {
  expect(told(body)).toBe(expected);
});

it.each<[Json, Json]>([
  [{ churn_risk: 'very high' }, 'very high'],
  [{ Klasse: 'nicht kreditwürdig' }, 'nicht kreditwürdig'],
  [{ カテゴリ: 'クレジットカード' }, 'クレジットカード'],
  [{ caption: 'a dog runs on the beach' }, 'a dog runs on the beach'],
  [{ reply: 'That depends on the weather.' }, 'That depends on the weather.'],
  [{ label: 'not at risk of churn' }, 'not at risk of churn'],
  [{ animal: 'great white shark, white shark, man-eater' }, 'great white shark, white shark, man-eater'],
  [{ respuesta: 'Eso depende del tiempo de mañana.' }, 'Eso depende del tiempo de mañana.'],
])('the name of a class and a text of a model are answers: %j', (body, expected) => {
  expect(told(body)).toBe(expected);
});

it('what to do about a null is not to point to it', () => {
  const failure = {
    reason: 'no_answer',
    detail: 'the prediction at /prediction is null',
    httpStatus: 200,
    retryAfterMs: null,
  } as const;
  expect(setupProblemOf(failure).advice).toMatch(/^Give a payload of which the model makes a prediction/);
});
