import type { Json } from '../../../domain/json.js';
import type { Endpoint } from '../../../domain/model.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import { modelAnswer } from '../answers/read-answer.js';
import { guessedRows } from '../payloads/rows.js';
import { isHttpAnswer, post, type Candidate, type Connector, type ConnectorContext } from './connector.js';
import { isMlflowServer } from './mlflow.js';

const PATH = /\/invocations\/?$/;
const DATABRICKS = /\/serving-endpoints\/[^/]+\/invocations\/?$/;
const CSV = 'text/csv';
const LINES = 'application/jsonlines';

/**
 * Containers in SageMaker's contract (`POST /invocations`, boto/botocore sagemaker-runtime): CSV without a header, JSON, or
 * JSON lines. A payload that is a text is sent as it is. An endpoint of AWS itself wants signed requests: it is asked
 * through a gateway, or by a header that is given.
 */
export const sagemaker: Connector = {
  id: 'sagemaker',
  async describe(context, url, authorizationSecret) {
    if (!PATH.test(url.pathname) || DATABRICKS.test(url.pathname)) return [];
    if (await isMlflowServer(context, url, authorizationSecret)) return [];
    const rows = guessedRows();
    const candidate = (contentType: string, payloads: readonly Json[]): Candidate => ({
      endpoint: { url: url.href, connector: 'sagemaker', settings: { content_type: contentType }, authorizationSecret },
      payloads,
      what: `SageMaker path, ${contentType}`,
      isGuess: true,
    });
    const json = rows.map((row): Json => ({ instances: [row] }));
    return [
      candidate(
        CSV,
        rows.slice(0, 1).map((row) => row.join(',')),
      ),
      candidate('application/json', json.slice(0, 1)),
      candidate(
        LINES,
        rows.slice(0, 1).map((row) => JSON.stringify({ features: row })),
      ),
      candidate(
        CSV,
        rows.slice(1).map((row) => row.join(',')),
      ),
      candidate('application/json', json.slice(1)),
    ];
  },
  ask,
};

async function ask(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer> {
  const answer = await post(context, endpoint, endpoint.url, payload);
  if (!isHttpAnswer(answer)) return answer;
  const read = modelAnswer(answer, undefined, context.asking?.pointers);
  const variant = answer.headers['x-amzn-invoked-production-variant'];
  return read.kind === 'answer' && variant !== undefined
    ? { ...read, modelVersion: read.modelVersion ?? variant.slice(0, 100) }
    : read;
}
