import type { Json } from '../../../exporter/src/domain/json.js';
import type { Reply } from '../../unit/capture/probing/model-server.js';
import { field, list, only, takes, type Handler, type Serving } from './serving.js';

const GRADIO_INFO: Json = {
  named_endpoints: {
    '/predict': {
      parameters: [
        { label: 'Text', type: { type: 'string' }, python_type: { type: 'str' }, component: 'Textbox' },
        {
          label: 'Language',
          type: { type: 'string', enum: ['de', 'en'] },
          python_type: { type: "Literal['de', 'en']" },
          component: 'Radio',
        },
      ],
      returns: [],
    },
  },
};
const gradioCall: Handler = takes(
  (body) => ['de', 'en'].some((choice) => choice === list(field(body, 'data'))[1]),
  { event_id: 'e1' },
  { detail: 'Value is not in the list of choices' },
);
const GRADIO_STREAM: Reply = {
  headers: { 'content-type': 'text/event-stream' },
  body: 'event: complete\ndata: [{"label":"cat","confidences":[{"label":"cat","confidence":0.6},{"label":"dog","confidence":0.4}]}]\n\n',
};
const READS_GRADIO = 'prediction from /0/label, confidence from /0/confidences (max)';

export const applications: readonly Serving[] = [
  {
    name: 'Gradio 5 and 6, mounted below a path, with choices',
    path: '/gradio/',
    routes: {
      'GET /gradio/gradio_api/info': { body: GRADIO_INFO },
      'POST /gradio/gradio_api/call/predict': gradioCall,
      'GET /gradio/gradio_api/call/predict/e1': GRADIO_STREAM,
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.6,
    reads: READS_GRADIO,
  },
  {
    name: 'Gradio 4',
    path: '/',
    routes: {
      'GET /info': { body: GRADIO_INFO },
      'POST /call/predict': gradioCall,
      'GET /call/predict/e1': GRADIO_STREAM,
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.6,
    reads: READS_GRADIO,
  },
  {
    name: 'Gradio 3, mounted below a path',
    path: '/demo',
    routes: {
      'GET /demo/config': { body: { version: '3.50.2', components: [], dependencies: [] } },
      'POST /demo/run/predict': takes((body) => list(field(body, 'data')).length === 1, {
        data: ['positive'],
        duration: 0.1,
      }),
    },
    connector: 'gradio',
    prediction: 'positive',
    confidence: null,
    reads: 'prediction from /0, no confidence',
  },
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
