import { isObject } from '../../../exporter/src/domain/json.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import { field, isRow, list, only, PNG, takes, textIn, type Handler, type Serving } from './serving.js';

const TF_METADATA: Json = {
  model_spec: { name: 'm', signature_name: '', version: '1' },
  metadata: {
    signature_def: {
      signature_def: {
        serving_default: {
          inputs: {
            x: {
              dtype: 'DT_FLOAT',
              tensor_shape: {
                dim: [
                  { size: '-1', name: '' },
                  { size: '3', name: '' },
                ],
              },
              name: 'x:0',
            },
          },
          outputs: {},
          method_name: 'tensorflow/serving/predict',
        },
      },
    },
  },
};
const tensorflow: Handler = takes(
  (body) => only(body, 'instances') && list(field(body, 'instances')).every((row) => isRow(row, 3)),
  { predictions: [[0.1, 0.2, 0.7]] },
  { error: 'Failed to process element: 0 of instances list' },
);
const rows =
  (width: number): ((body: Json) => boolean) =>
  (body) =>
    list(field(body, 'instances')).length > 0 && list(field(body, 'instances')).every((row) => isRow(row, width));
const READS_SOFTMAX = 'prediction from /predictions/0 (index of max), confidence from /predictions/0 (max)';

export const tables: readonly Serving[] = [
  {
    name: 'TensorFlow Serving',
    path: '/v1/models/m:predict',
    routes: { 'GET /v1/models/m/metadata': { body: TF_METADATA }, 'POST /v1/models/m:predict': tensorflow },
    connector: 'tensorflow-serving',
    prediction: 2,
    confidence: 0.7,
    reads: READS_SOFTMAX,
  },
  {
    name: 'TensorFlow Serving, a version below a prefix',
    path: '/serving/ns/v1/models/m/versions/3',
    routes: {
      'GET /serving/ns/v1/models/m/versions/3/metadata': { body: TF_METADATA },
      'POST /serving/ns/v1/models/m/versions/3:predict': tensorflow,
    },
    connector: 'tensorflow-serving',
    prediction: 2,
    confidence: 0.7,
    reads: READS_SOFTMAX,
  },
  {
    name: 'KServe v1, root',
    path: '/',
    routes: {
      'GET /v1/models': { body: { models: ['iris'] } },
      'POST /v1/models/iris:predict': takes(rows(4), { predictions: [1] }, { error: 'expected 4 features' }, 500),
    },
    connector: 'kserve',
    prediction: 1,
    confidence: null,
    reads: 'prediction from /predictions/0, no confidence',
  },
  {
    name: 'KServe v1, model path, other width',
    path: '/v1/models/wine:predict',
    routes: { 'POST /v1/models/wine:predict': takes(rows(13), { predictions: [[0.9, 0.1]] }, { error: 'bad width' }) },
    connector: 'kserve',
    prediction: 0,
    confidence: 0.9,
    reads: READS_SOFTMAX,
  },
  {
    name: 'Vertex AI endpoint',
    path: '/v1/projects/p/locations/europe-west4/endpoints/1:predict',
    routes: {
      'POST /v1/projects/p/locations/europe-west4/endpoints/1:predict': takes(
        rows(4),
        { predictions: [{ classes: ['a', 'b'], scores: [0.2, 0.8] }], deployedModelId: '9', modelVersionId: '2' },
        { error: { code: 400, message: 'invalid instance', status: 'INVALID_ARGUMENT' } },
      ),
    },
    connector: 'vertex',
    prediction: 'b',
    confidence: 0.8,
    reads: 'prediction from /predictions/0/classes (of the highest share), confidence from /predictions/0/scores (max)',
  },
  {
    name: 'SageMaker, CSV',
    path: '/endpoints/churn/invocations',
    routes: {
      'POST /endpoints/churn/invocations': ({ body, headers }) =>
        headers['content-type'] === 'text/csv' && typeof body === 'string' && body.split(',').length === 4
          ? { body: '0.1,0.9\n', headers: { 'content-type': 'text/csv' } }
          : { status: 415, body: 'unsupported content type' },
    },
    connector: 'sagemaker',
    prediction: 1,
    confidence: 0.9,
    reads: 'prediction from the whole body (index of max), confidence from the whole body (max)',
  },
  {
    name: 'SageMaker, JSON lines',
    path: '/invocations',
    routes: {
      'POST /invocations': ({ body, headers }) =>
        headers['content-type'] === 'application/jsonlines' &&
        typeof body === 'string' &&
        body.startsWith('{"features"')
          ? { body: '{"predicted_label": 1, "score": 0.9}\n', headers: { 'content-type': 'application/jsonlines' } }
          : { status: 415, body: 'unsupported content type' },
    },
    connector: 'sagemaker',
    prediction: 1,
    confidence: 0.9,
    reads: 'prediction from /predicted_label, confidence from /score',
  },
  {
    name: 'SageMaker, JSON',
    path: '/invocations',
    routes: {
      'POST /invocations': ({ body, headers }) =>
        headers['content-type'] === 'application/json' && rows(4)(body)
          ? { body: { predictions: [{ score: 0.9, predicted_label: 1 }] } }
          : { status: 415, body: 'unsupported content type' },
    },
    connector: 'sagemaker',
    prediction: 1,
    confidence: 0.9,
    reads: 'prediction from /predictions/0/predicted_label, confidence from /predictions/0/score',
  },
  {
    name: 'Vertex AI, an image model of AutoML',
    path: '/v1/projects/p/locations/europe-west4/endpoints/2:predict',
    routes: {
      'POST /v1/projects/p/locations/europe-west4/endpoints/2:predict': takes(
        (body) =>
          Buffer.from(textIn(list(field(body, 'instances'))[0], 'content'), 'base64')
            .toString('latin1')
            .startsWith(PNG),
        { predictions: [{ ids: ['1', '2'], displayNames: ['rose', 'tulip'], confidences: [0.3, 0.6] }] },
        { error: { code: 400, message: 'The image content is invalid', status: 'INVALID_ARGUMENT' } },
      ),
    },
    connector: 'vertex',
    prediction: 'tulip',
    confidence: 0.6,
    reads:
      'prediction from /predictions/0/displayNames (of the highest share), confidence from /predictions/0/confidences (max)',
  },
  {
    name: 'MLflow, a column per class, below a prefix',
    path: '/ml/invocations',
    routes: {
      'GET /ml/version': { body: '2.19.0' },
      'POST /ml/invocations': takes(
        (body) => list(field(body, 'inputs')).every((row) => isRow(row, 4)) && list(field(body, 'inputs')).length > 0,
        { predictions: [{ setosa: 0.05, versicolor: 0.9, virginica: 0.05 }] },
        { error_code: 'BAD_REQUEST', message: 'Encountered an unexpected error' },
      ),
    },
    connector: 'mlflow',
    prediction: 'versicolor',
    confidence: 0.9,
    reads: 'prediction from the keys of /predictions/0 (name of max), confidence from /predictions/0/* (max)',
  },
  {
    name: 'Seldon Core v1, behind its ingress',
    path: '/seldon/ns/iris/api/v1.0/predictions',
    routes: {
      'POST /seldon/ns/iris/api/v1.0/predictions': takes(
        (body) =>
          list(field(field(body, 'data'), 'ndarray')).every((row) => isRow(row, 4)) && isObject(field(body, 'data')),
        { data: { names: ['setosa', 'versicolor', 'virginica'], ndarray: [[0.05, 0.9, 0.05]] }, meta: {} },
        { status: { code: -1, info: 'no data', status: 'FAILURE' } },
      ),
    },
    connector: 'seldon',
    prediction: 'versicolor',
    confidence: 0.9,
    reads: 'prediction from /data/names (of the highest share), confidence from /data/ndarray (max)',
  },
  {
    name: 'Seldon Core v1, text',
    path: '/api/v1.0/predictions',
    routes: {
      'POST /api/v1.0/predictions': takes(
        (body) => textIn(body, 'strData') !== '',
        { jsonData: { label: 'spam', score: 0.8 }, meta: {} },
        { status: { code: -1, info: 'no text', status: 'FAILURE' } },
      ),
    },
    connector: 'seldon',
    prediction: 'spam',
    confidence: 0.8,
    reads: 'prediction from /jsonData/label, confidence from /jsonData/score',
  },
  {
    name: 'Azure ML, MLflow without code',
    path: '/score',
    routes: {
      'POST /score': takes(
        (body) => only(body, 'input_data') && isRow(list(field(body, 'input_data'))[0], 4),
        [1],
        { message: 'input_data' },
        424,
      ),
    },
    connector: 'azure-ml',
    prediction: 1,
    confidence: null,
    reads: 'prediction from /0, no confidence',
  },
  {
    name: 'Azure ML, score.py with JSON in a text',
    path: '/score',
    routes: {
      'POST /score': takes(
        (body) => only(body, 'data') && isRow(list(field(body, 'data'))[0], 4),
        JSON.stringify(JSON.stringify({ result: 'a', probability: 0.75 })),
        { message: 'data' },
        424,
      ),
    },
    connector: 'azure-ml',
    prediction: 'a',
    confidence: 0.75,
    reads: 'prediction from /result, confidence from /probability',
  },
  {
    name: 'Azure ML, input_data by column',
    path: '/score',
    routes: {
      'POST /score': takes(
        (body) => isRow(list(field(field(body, 'input_data'), 'data'))[0], 4),
        [{ label: 'yes', probability: 0.8 }],
        { message: 'input_data must have columns and data' },
        424,
      ),
    },
    connector: 'azure-ml',
    prediction: 'yes',
    confidence: 0.8,
    reads: 'prediction from /0/label, confidence from /0/probability',
  },
  {
    name: 'Azure ML, AutoML',
    path: '/score',
    routes: {
      'POST /score': takes(
        (body) => isRow(list(field(field(body, 'Inputs'), 'data'))[0], 4),
        { Results: ['yes'] },
        { message: 'Inputs' },
        424,
      ),
    },
    connector: 'azure-ml',
    prediction: 'yes',
    confidence: null,
    reads: 'prediction from /Results/0, no confidence',
  },
  {
    name: 'scikit-learn style, {"data": [[…]]}',
    path: '/predict',
    routes: {
      'POST /predict': takes(
        (body) => only(body, 'data') && isRow(list(field(body, 'data'))[0], 4),
        { prediction: ['b'], probabilities: [[0.1, 0.9]], classes: ['a', 'b'] },
        { detail: [{ loc: ['body', 'data'], msg: 'value is not a valid list', type: 'type_error.list' }] },
        422,
      ),
    },
    connector: 'rest',
    prediction: 'b',
    confidence: 0.9,
    reads: 'prediction from /prediction/0, confidence from /probabilities (max)',
  },
];
