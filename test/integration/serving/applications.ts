import { field, only, takes, type Serving } from './serving.js';

export const applications: readonly Serving[] = [
  {
    name: 'BentoML below a path prefix',
    path: '/bento',
    routes: {
      'GET /bento/docs.json': {
        body: {
          openapi: '3.0.2',
          paths: {
            '/classify': {
              post: {
                tags: ['Service APIs'],
                requestBody: {
                  content: {
                    'application/json': { schema: { type: 'object', properties: { text: { type: 'string' } } } },
                  },
                },
              },
            },
            '/readyz': { post: { tags: ['Infrastructure'] } },
          },
        },
      },
      'POST /bento/classify': takes((body) => only(body, 'text'), { label: 'a', score: 0.8 }),
    },
    connector: 'bentoml',
    prediction: 'a',
    confidence: 0.8,
    reads: 'prediction from /label, confidence from /score',
  },
  {
    name: 'ML.NET web API',
    path: '/predict',
    routes: {
      'GET /openapi.json': { status: 404, body: {} },
      'POST /predict': takes((body) => only(body, 'text'), { predictedLabel: true, probability: 0.8, score: 2.3 }),
    },
    connector: 'rest',
    prediction: true,
    confidence: 0.8,
    reads: 'prediction from /predictedLabel, confidence from /probability',
  },
  {
    name: 'ML.NET web API, a bare label',
    path: '/predict',
    routes: {
      'POST /predict': ({ body }) =>
        only(body, 'text')
          ? {
              body: /broken|lost|too long/.test(JSON.stringify(body)) ? 'Negative' : 'Positive',
              headers: { 'content-type': 'text/plain; charset=utf-8' },
            }
          : { status: 400, body: { title: 'One or more validation errors occurred.', status: 400 } },
    },
    connector: 'rest',
    prediction: 'Positive',
    confidence: null,
    reads: 'prediction from the whole body, no confidence',
  },
  {
    name: 'Flask, a label and its share as text',
    path: '/predict',
    routes: {
      'POST /predict': ({ body }) =>
        only(body, 'text')
          ? { body: '__label__spam 93.5%', headers: { 'content-type': 'text/html; charset=utf-8' } }
          : { status: 400, body: 'text is missing' },
    },
    connector: 'rest',
    prediction: '__label__spam',
    confidence: 0.935,
    reads: 'prediction from /0, confidence from /1',
  },
  {
    name: 'fastText behind a web service',
    path: '/predict',
    routes: { 'POST /predict': takes((body) => only(body, 'text'), [['__label__spam'], [0.9]]) },
    connector: 'rest',
    prediction: '__label__spam',
    confidence: 0.9,
    reads: 'prediction from /0 (of the highest share), confidence from /1 (max)',
  },
  {
    name: 'BentoML, an uploaded image',
    path: '/',
    routes: {
      'GET /docs.json': {
        body: {
          openapi: '3.0.2',
          paths: {
            '/classify': {
              post: {
                tags: ['Service APIs'],
                requestBody: {
                  content: {
                    'multipart/form-data': {
                      schema: { type: 'object', properties: { image: { type: 'file', format: 'image' } } },
                    },
                  },
                },
              },
            },
          },
        },
      },
      'POST /classify': takes(
        (body) => typeof body === 'string' && body.includes('form-data; name="image"; filename="image.png"'),
        { label: 'cat', score: 0.8 },
        { error: '1 validation error for Input' },
      ),
    },
    connector: 'bentoml',
    prediction: 'cat',
    confidence: 0.8,
    reads: 'prediction from /label, confidence from /score',
  },
  {
    name: 'Ray Serve with FastAPI below its route prefix',
    path: '/app/classify',
    routes: {
      'GET /app/openapi.json': {
        body: {
          openapi: '3.1.0',
          servers: [{ url: '/app' }],
          paths: {
            '/classify': {
              post: {
                requestBody: {
                  content: {
                    'application/json': { schema: { type: 'object', properties: { sepal: { type: 'number' } } } },
                  },
                },
              },
            },
          },
        },
      },
      'POST /app/classify': takes(
        (body) => typeof field(body, 'sepal') === 'number',
        { class: 'setosa', prob: 0.9 },
        { detail: [] },
        422,
      ),
    },
    connector: 'rest',
    prediction: 'setosa',
    confidence: 0.9,
    reads: 'prediction from /class, confidence from /prob',
  },
];
