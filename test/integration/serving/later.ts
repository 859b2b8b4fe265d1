import type { Json } from '../../../exporter/src/domain/json.js';
import { field, takes, textIn, type Serving } from './serving.js';

const ANSWER: Json = { label: 'spam', score: 0.9 };
const hasText = (body: Json): boolean => typeof field(body, 'text') === 'string';

/** Servers that give a receipt first, and Cog, which fills the optional parts of a request by their formats. */
export const later: readonly Serving[] = [
  {
    name: 'Cog',
    path: '/predictions',
    routes: {
      'GET /openapi.json': {
        body: {
          openapi: '3.0.2',
          paths: {
            '/predictions': {
              post: {
                requestBody: {
                  content: { 'application/json': { schema: { $ref: '#/components/schemas/PredictionRequest' } } },
                },
              },
            },
          },
          components: {
            schemas: {
              PredictionRequest: {
                type: 'object',
                properties: {
                  input: { $ref: '#/components/schemas/Input' },
                  webhook: { type: 'string', format: 'uri' },
                },
              },
              Input: { type: 'object', required: ['prompt'], properties: { prompt: { type: 'string' } } },
            },
          },
        },
      },
      'POST /predictions': takes(
        (body) =>
          typeof field(field(body, 'input'), 'prompt') === 'string' &&
          (field(body, 'webhook') === null || URL.canParse(textIn(body, 'webhook'))),
        { id: null, status: 'succeeded', output: 'yes', error: null },
        { detail: [{ loc: ['body', 'webhook'], msg: 'invalid or missing URL scheme' }] },
        422,
      ),
    },
    connector: 'rest',
    prediction: 'yes',
    confidence: null,
    reads: 'prediction from /output, no confidence',
  },
  {
    name: 'Replicate, or any queue that says where it is asked',
    path: '/v1/predictions',
    routes: {
      'POST /v1/predictions': ({ body }) =>
        hasText(body)
          ? { status: 201, body: { id: 'p1', status: 'starting', output: null, urls: { get: '/v1/predictions/p1' } } }
          : { status: 422, body: { detail: 'text is required' } },
      'GET /v1/predictions/p1': { body: { id: 'p1', status: 'succeeded', output: ANSWER } },
    },
    connector: 'rest',
    prediction: 'spam',
    confidence: 0.9,
    reads: 'prediction from /output/label, confidence from /output/score',
  },
  {
    name: 'Cortex, asynchronous',
    path: '/classifier',
    routes: {
      'POST /classifier': takes(hasText, { id: 'j1' }, { error: 'text is required' }),
      'GET /classifier/j1': { body: { id: 'j1', status: 'completed', result: ANSWER } },
    },
    connector: 'rest',
    prediction: 'spam',
    confidence: 0.9,
    reads: 'prediction from /result/label, confidence from /result/score',
  },
];
