import type { Json } from '../../../exporter/src/domain/json.js';
import { field, list, takes, type Handler, type Serving } from './serving.js';

const tensors = (body: Json): readonly Json[] => list(field(body, 'inputs'));
const IRIS: Json = { name: 'iris', inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [] };
const infer = (answer: Json): Handler =>
  takes(
    (body) => list(field(tensors(body)[0], 'data')).length === 4,
    { model_name: 'iris', model_version: '1', outputs: answer },
    { error: 'unexpected shape' },
  );

export const inference: readonly Serving[] = [
  {
    name: 'Triton, root, by its repository',
    path: '/',
    routes: {
      'GET /v2': { body: { name: 'triton', version: '2.50.0', extensions: ['model_repository'] } },
      'POST /v2/repository/index': {
        body: [
          { name: 'old', state: 'UNAVAILABLE' },
          { name: 'iris', version: '1', state: 'READY' },
        ],
      },
      'GET /v2/models/iris': { body: IRIS },
      'POST /v2/models/iris/infer': infer([{ name: 'probs', datatype: 'FP32', shape: [1, 3], data: [0.1, 0.2, 0.7] }]),
    },
    connector: 'open-inference',
    prediction: 2,
    confidence: 0.7,
    reads: 'prediction from /outputs/0/data (index of max), confidence from /outputs/0/data (max)',
  },
  {
    name: 'MLServer below a prefix, labels and shares',
    path: '/seldon/ns/iris/v2/models/iris/infer',
    routes: {
      'GET /seldon/ns/iris/v2/models/iris': { body: IRIS },
      'POST /seldon/ns/iris/v2/models/iris/infer': infer([
        { name: 'predict', datatype: 'BYTES', shape: [1, 1], data: ['setosa'] },
        { name: 'predict_proba', datatype: 'FP64', shape: [1, 2], data: [0.8, 0.2] },
      ]),
    },
    connector: 'open-inference',
    prediction: 'setosa',
    confidence: 0.8,
    reads: 'prediction from /outputs/0/data/0, confidence from /outputs/1/data (max)',
  },
  {
    name: 'Triton, JSON in a BYTES tensor',
    path: '/v2/models/iris',
    routes: {
      'GET /v2/models/iris': { body: IRIS },
      'POST /v2/models/iris/infer': infer([
        { name: 'result', datatype: 'BYTES', shape: [1], data: ['{"label":"a","score":0.46}'] },
      ]),
    },
    connector: 'open-inference',
    prediction: 'a',
    confidence: 0.46,
    reads: 'prediction from /outputs/0/data/0/label, confidence from /outputs/0/data/0/score',
  },
  {
    name: 'Triton, an image of 150,528 numbers',
    path: '/v2/models/densenet',
    routes: {
      'GET /v2/models/densenet': {
        body: { name: 'densenet', inputs: [{ name: 'data_0', datatype: 'FP32', shape: [3, 224, 224] }] },
      },
      'POST /v2/models/densenet/infer': takes(
        (body) => list(field(tensors(body)[0], 'data')).length === 150_528,
        { outputs: [{ name: 'fc6_1', datatype: 'BYTES', shape: [2], data: ['0.91:2:cat', '0.05:0:dog'] }] },
        { error: 'unexpected total byte size for input data_0, expecting 602112' },
      ),
    },
    connector: 'open-inference',
    prediction: 'cat',
    confidence: 0.91,
    reads: 'prediction from /outputs/0/data/0/label (of the highest score), confidence from /outputs/0/data/0/score',
  },
  {
    name: 'Open Inference, every kind of tensor',
    path: '/v2/models/mixed',
    routes: {
      'GET /v2/models/mixed': {
        body: {
          name: 'mixed',
          inputs: [
            { name: 'flag', datatype: 'BOOL', shape: [-1, 1] },
            { name: 'count', datatype: 'UINT8', shape: [-1, 1] },
            { name: 'id', datatype: 'INT64', shape: [-1, 1] },
            { name: 'amount', datatype: 'FP64', shape: [-1, 2] },
            { name: 'text', datatype: 'BYTES', shape: [-1, 1] },
          ],
        },
      },
      'POST /v2/models/mixed/infer': takes(
        (body) =>
          tensors(body)
            .map((tensor) => typeof list(field(tensor, 'data'))[0])
            .join() === 'boolean,number,number,number,string',
        {
          outputs: [
            { name: 'label', datatype: 'BYTES', shape: [1], data: ['yes'] },
            { name: 'probability', datatype: 'FP32', shape: [1, 1], data: [0.8] },
          ],
        },
        { error: 'unexpected input' },
      ),
    },
    connector: 'open-inference',
    prediction: 'yes',
    confidence: 0.8,
    reads: 'prediction from /outputs/0/data/0, confidence from /outputs/1/data (max)',
  },
  {
    name: 'TorchServe, class and probability below a prefix',
    path: '/serve/predictions/m/2.0',
    routes: {
      'POST /serve/predictions/m/2.0': takes(
        (body) => typeof field(body, 'data') === 'string',
        [{ class: 'spam', probability: 0.8 }],
        { code: 400, type: 'BadRequest', message: 'no data' },
      ),
    },
    connector: 'torchserve',
    prediction: 'spam',
    confidence: 0.8,
    reads: 'prediction from /0/class, confidence from /0/probability',
  },
  {
    name: 'TorchServe, label scores',
    path: '/predictions/m',
    routes: {
      'POST /predictions/m': takes(
        (body) => typeof field(body, 'data') === 'string',
        { tabby: 0.6, tiger: 0.3 },
        { code: 400, type: 'BadRequest', message: 'no data' },
      ),
    },
    connector: 'torchserve',
    prediction: 'tabby',
    confidence: 0.6,
    reads: 'prediction from /0/0/label (of the highest score), confidence from /0/0/score',
  },
];
