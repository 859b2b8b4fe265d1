import type { Json } from '../../../exporter/src/domain/json.js';
import type { Routes } from '../../unit/capture/probing/model-server.js';
import { field, isRow, list, takes, type Serving } from './serving.js';

/** MLflow’s words about an input that does not fit the signature (MLflow 2.19). */
const refusal = (schema: string): Json => ({
  error_code: 'INVALID_PARAMETER_VALUE',
  message: `Failed to predict data 'Empty DataFrame'. \nError: Failed to enforce schema of data 'Empty DataFrame' with schema '[${schema}]'. Error: Model is missing inputs.`,
});
const table = (body: Json): { columns: string; row: readonly Json[] } => {
  const frame = field(body, 'dataframe_split');
  return { columns: JSON.stringify(field(frame, 'columns')), row: list(list(field(frame, 'data'))[0]) };
};
const signed = (accepts: (body: Json) => boolean, answer: Json, schema: string, path = '/invocations'): Routes => ({
  'GET /version': { body: '2.19.0' },
  [`POST ${path}`]: takes(accepts, answer, refusal(schema)),
});
const isNumber = (value: Json | undefined): boolean => typeof value === 'number';

/** What MLflow’s scoring server takes by its signature, and what its models give back. */
export const mlflow: readonly Serving[] = [
  {
    name: 'MLflow, array and binary columns',
    path: '/',
    routes: signed(
      (body) => {
        const { columns, row } = table(body);
        const [array, image] = row;
        const isImage = typeof image === 'string' && Buffer.from(image, 'base64').toString('latin1').includes('PNG');
        return columns === '["embedding","image"]' && list(array).length > 0 && list(array).every(isNumber) && isImage;
      },
      { predictions: ['cat'] },
      "'embedding': Array(double) (required), 'image': binary (required)",
    ),
    connector: 'mlflow',
    prediction: 'cat',
    confidence: null,
    reads: 'prediction from /predictions/0, no confidence',
  },
  {
    name: 'MLflow, tensors by name',
    path: '/',
    routes: signed(
      (body) => {
        const tensors = field(body, 'inputs');
        return isRow(list(field(tensors, 'x'))[0], 3) && list(field(tensors, 'y')).length === 1;
      },
      { predictions: { probabilities: [[0.2, 0.8]] } },
      "'x': Tensor('float32', (-1, 3)), 'y': Tensor('int64', (-1, 2, 2))",
    ),
    connector: 'mlflow',
    prediction: 1,
    confidence: 0.8,
    reads:
      'prediction from /predictions/probabilities (index of max), confidence from /predictions/probabilities (max)',
  },
  {
    name: 'MLflow, a label beside a column per class',
    path: '/invocations',
    routes: signed(
      (body) => table(body).columns === '["age"]' && isNumber(table(body).row[0]),
      { predictions: [{ prediction: 'no', probability_yes: 0.3, probability_no: 0.7 }] },
      "'age': long (required)",
    ),
    connector: 'mlflow',
    prediction: 'no',
    confidence: 0.7,
    reads: 'prediction from /predictions/0/prediction, confidence from /predictions/0/probability_no',
  },
  {
    name: 'MLflow, a transformers pipeline',
    path: '/invocations',
    routes: signed(
      (body) => typeof table(body).row[0] === 'string',
      { predictions: [{ label: 'POSITIVE', score: 0.9 }] },
      'string (required)',
    ),
    connector: 'mlflow',
    prediction: 'POSITIVE',
    confidence: 0.9,
    reads: 'prediction from /predictions/0/label, confidence from /predictions/0/score',
  },
  {
    name: 'Databricks model serving',
    path: '/serving-endpoints/churn/invocations',
    routes: {
      'POST /serving-endpoints/churn/invocations': takes(
        (body) => table(body).columns === '["age","plan"]' && typeof table(body).row[1] === 'string',
        { predictions: [1], databricks_output: { databricks_request_id: 'd1' } },
        refusal("'age': long (required), 'plan': string (required)"),
      ),
    },
    connector: 'mlflow',
    prediction: 1,
    confidence: null,
    reads: 'prediction from /predictions/0, no confidence',
  },
];
