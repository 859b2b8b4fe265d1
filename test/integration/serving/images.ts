import type { Json } from '../../../exporter/src/domain/json.js';
import { isPicture, PNG, takes, textIn, type Handler, type Serving } from './serving.js';

/** A part of a form that is a picture (RFC 7578). */
const isForm = (body: Json, name: string): boolean =>
  typeof body === 'string' &&
  body.includes(`form-data; name="${name}"; filename="${name}.png"\r\ncontent-type: image/png\r\n\r\n${PNG}`);
const form = (name: string, answer: Json, refusal: Json, status: number): Handler =>
  takes((body) => isForm(body, name), answer, refusal, status);
const CAT: Json = { class: 'cat', confidence: 0.9 };
const READS_CAT = 'prediction from /class, confidence from /confidence';
/** FastAPI’s words for a form without its file. */
const MISSING: Json = { detail: [{ type: 'missing', loc: ['body', 'file'], msg: 'Field required', input: null }] };
const openapi = (path: string, content: Json): Json => ({
  openapi: '3.1.0',
  paths: { [path]: { post: { requestBody: { required: true, content } } } },
});

/** Services that take pictures, each by the document of its framework. */
export const images: readonly Serving[] = [
  {
    name: 'FastAPI, an uploaded image',
    path: '/predict',
    routes: {
      'GET /openapi.json': {
        body: openapi('/predict', {
          'multipart/form-data': {
            schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
          },
        }),
      },
      'POST /predict': form('file', CAT, MISSING, 422),
    },
    connector: 'multipart',
    prediction: 'cat',
    confidence: 0.9,
    reads: READS_CAT,
  },
  {
    name: 'Flask, an uploaded image',
    path: '/predict',
    routes: { 'POST /predict': form('image', CAT, { error: 'No image part in the request' }, 400) },
    connector: 'multipart',
    prediction: 'cat',
    confidence: 0.9,
    reads: READS_CAT,
  },
  {
    name: 'TorchServe, an image classifier’s five best',
    path: '/predictions/resnet18',
    routes: {
      'POST /predictions/resnet18': form(
        'data',
        { tabby: 0.42, tiger_cat: 0.27, lynx: 0.02 },
        { code: 503, type: 'InternalServerException', message: 'Prediction failed' },
        503,
      ),
    },
    connector: 'torchserve',
    prediction: 'tabby',
    confidence: 0.42,
    reads: 'prediction from /0/0/label (of the highest score), confidence from /0/0/score',
  },
  {
    name: 'An image by itself, by its OpenAPI document',
    path: '/classify',
    routes: {
      'GET /openapi.json': {
        body: openapi('/classify', { 'image/png': { schema: { type: 'string', format: 'binary' } } }),
      },
      'POST /classify': takes(isPicture, CAT, { error: 'no image' }, 415),
    },
    connector: 'rest',
    prediction: 'cat',
    confidence: 0.9,
    reads: READS_CAT,
  },
  {
    name: 'An image in base64 in JSON',
    path: '/classify',
    routes: {
      'GET /openapi.json': {
        body: openapi('/classify', {
          'application/json': { schema: { type: 'object', properties: { image_base64: { type: 'string' } } } },
        }),
      },
      'POST /classify': takes(
        (body) => Buffer.from(textIn(body, 'image_base64'), 'base64').toString('latin1').startsWith(PNG),
        CAT,
        { detail: 'cannot identify image' },
        422,
      ),
    },
    connector: 'rest',
    prediction: 'cat',
    confidence: 0.9,
    reads: READS_CAT,
  },
];
