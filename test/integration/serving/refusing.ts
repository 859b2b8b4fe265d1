import { SENTENCES } from '../../../exporter/src/capture/probing/payloads/sentences.js';
import { isObject } from '../../../exporter/src/domain/json.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import type { Asked, Reply, Routes } from '../../unit/capture/probing/model-server.js';
import { field, isPicture, list, takes, textIn, type Serving } from './serving.js';

const CHURN: Json = { prediction: 'stays', confidence: 0.9 };
const READS = 'prediction from /prediction, confidence from /confidence';
const SERVICE = { connector: 'rest', prediction: 'stays', confidence: 0.9, reads: READS } as const;

type Kind = readonly [fits: (value: Json) => boolean, words: string];
const NUMBER: Kind = [
  (value) => typeof value === 'number',
  'Input should be a valid number, unable to parse string as a number',
];
const TEXT: Kind = [(value) => typeof value === 'string', 'Input should be a valid string'];
const PLAN: Kind = [(value) => value === 'basic' || value === 'premium', "Input should be 'basic' or 'premium'"];

/** FastAPI’s refusals, field by field (pydantic 2), where its document is switched off. */
const pydantic =
  (fields: Readonly<Record<string, Kind>>, within: readonly string[]) =>
  ({ body }: Asked): Reply => {
    const object = within.reduce<Json>((inner, name) => field(inner, name), body);
    const detail = Object.entries(fields).flatMap(([name, [fits, words]]) => {
      const value = isObject(object) ? object[name] : undefined;
      if (value === undefined) return [{ type: 'missing', loc: ['body', ...within, name], msg: 'Field required' }];
      return fits(value) ? [] : [{ type: 'invalid', loc: ['body', ...within, name], msg: words }];
    });
    return detail.length === 0 ? { body: CHURN } : { status: 422, body: { detail } };
  };
const QUERY: Routes = {
  'POST /predict': { status: 422, body: { detail: [{ loc: ['query', 'review'], msg: 'Field required' }] } },
  ...Object.fromEntries(
    SENTENCES.map((review) => [`POST /predict?${new URLSearchParams({ review }).toString()}`, { body: CHURN }]),
  ),
};
const document = (path: string, content: Json): Json => ({
  openapi: '3.1.0',
  paths: { [path]: { post: { requestBody: { content } } } },
});

/** Servers that say what they take only in refusing something else, and documents of rarer kinds. */
export const refusing: readonly Serving[] = [
  {
    ...SERVICE,
    name: 'FastAPI without its document',
    path: '/predict',
    routes: { 'POST /predict': pydantic({ age: NUMBER, job: TEXT, plan: PLAN }, []) },
  },
  {
    ...SERVICE,
    name: 'FastAPI without its document, fields in an object',
    path: '/v1/score',
    routes: { 'POST /v1/score': pydantic({ age: NUMBER, job: TEXT }, ['data', 'customer']) },
  },
  {
    ...SERVICE,
    name: 'FastAPI, a parameter in the address',
    path: '/predict',
    routes: QUERY,
  },
  {
    ...SERVICE,
    name: 'FastAPI, a list of rows',
    path: '/predict',
    routes: {
      'POST /predict': takes(
        (body) => textIn(list(body)[0], 'text') !== '',
        CHURN,
        { detail: [{ type: 'list_type', loc: ['body'], msg: 'Input should be a valid list' }] },
        422,
      ),
    },
  },
  {
    ...SERVICE,
    name: 'FastAPI, fields of a form',
    path: '/predict',
    routes: {
      'GET /openapi.json': {
        body: document('/predict', {
          'application/x-www-form-urlencoded': {
            schema: { type: 'object', properties: { review: { type: 'string' } } },
          },
        }),
      },
      'POST /predict': takes(
        (body) => typeof body === 'string' && /form-data; name="review"\r\n\r\n\w/.test(body),
        CHURN,
        { detail: [{ type: 'missing', loc: ['body', 'review'], msg: 'Field required' }] },
        422,
      ),
    },
    connector: 'multipart',
  },
  {
    ...SERVICE,
    name: 'FastAPI, a model named in the path',
    path: '/models/churn/predict',
    routes: {
      'GET /openapi.json': {
        body: document('/models/{name}/predict', {
          'application/json': { schema: { type: 'object', properties: { months: { type: 'integer' } } } },
        }),
      },
      'POST /models/churn/predict': takes((body) => typeof field(body, 'months') === 'number', CHURN, {
        detail: 'bad',
      }),
    },
  },
  {
    ...SERVICE,
    name: 'Flask, words about a key',
    path: '/predict',
    routes: {
      'POST /predict': takes((body) => textIn(body, 'review') !== '', CHURN, { error: "Missing 'review' key" }),
    },
  },
  {
    ...SERVICE,
    name: 'axum, serde’s words',
    path: '/predict',
    routes: {
      'POST /predict': ({ body }) =>
        textIn(body, 'sentence') !== ''
          ? { body: CHURN }
          : {
              status: 422,
              headers: { 'content-type': 'text/plain; charset=utf-8' },
              body: 'Failed to deserialize the JSON body into the target type: missing field `sentence` at line 1 column 60',
            },
    },
  },
  {
    name: 'Rasa',
    path: '/model/parse',
    routes: {
      'POST /model/parse': takes((body) => textIn(body, 'text') !== '', {
        text: 'x',
        intent: { name: 'greet', confidence: 0.9 },
        entities: [],
        intent_ranking: [{ name: 'greet', confidence: 0.9 }],
      }),
    },
    connector: 'rest',
    prediction: 'greet',
    confidence: 0.9,
    reads: 'prediction from /intent/name, confidence from /intent/confidence',
  },
  {
    name: 'Azure Custom Vision',
    path: '/customvision/v3.0/Prediction/p/classify/iterations/i/image',
    routes: {
      'POST /customvision/v3.0/Prediction/p/classify/iterations/i/image': takes(
        isPicture,
        {
          id: 'x',
          predictions: [
            { tagName: 'cat', probability: 0.8 },
            { tagName: 'dog', probability: 0.2 },
          ],
        },
        { code: 'BadRequestImageFormat', message: 'Bad Request Image Format, Uri: 0' },
      ),
    },
    connector: 'rest',
    prediction: 'cat',
    confidence: 0.8,
    reads: 'prediction from /predictions/0/tagName, confidence from /predictions/0/probability',
  },
];
