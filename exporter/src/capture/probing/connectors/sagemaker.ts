import type { Json } from '../../../domain/json.js';
import type { Endpoint } from '../../../domain/model.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { failureAnswer, modelAnswer } from '../answers/read-answer.js';
import { guessedRows } from '../payloads/rows.js';
import { headersFor, type Candidate, type Connector, type ConnectorContext } from './connector.js';
import { isMlflowServer } from './mlflow.js';

const PATH = /^.*\/invocations\/?$/;
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
    if (!PATH.test(url.pathname) || (await isMlflowServer(context, url, authorizationSecret))) return [];
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
  const { content_type: told } = endpoint.settings;
  const contentType = typeof told === 'string' ? told : typeof payload === 'string' ? CSV : 'application/json';
  const answer = await context.http.call({
    method: 'POST',
    url: endpoint.url,
    headers: {
      ...headersFor(context, endpoint.authorizationSecret),
      'content-type': contentType,
      accept: `${contentType}, application/json;q=0.9`,
    },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
    timeoutMs: context.timeoutMs,
    maxResponseBytes: 1_048_576,
  });
  if (answer.kind === 'failure')
    return failureAnswer(answer.failure.reason, answer.failure.detail, answer.latencySeconds);
  const read = modelAnswer(asJson(answer), undefined, context.asking?.pointers);
  const variant = answer.headers['x-amzn-invoked-production-variant'];
  return read.kind === 'answer' && variant !== undefined
    ? { ...read, modelVersion: read.modelVersion ?? variant.slice(0, 100) }
    : read;
}

/** CSV and JSON lines as JSON: a lone number, the numbers of the first line, or the first line's object. */
function asJson(answer: HttpAnswer): HttpAnswer {
  const [line = ''] = answer.body.trim().split(/\r?\n/);
  if (/^[[{"]/.test(line) && !/^.+\n[[{"]/.test(answer.body.trim())) return answer;
  if (/^[[{"]/.test(line)) return { ...answer, body: line };
  if (/^\s*</.test(line) || line === '') return answer;
  const cells = line.split(',').map((cell) => {
    const text = cell.trim();
    return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  });
  const isAnswer = answer.status >= 200 && answer.status < 300;
  return isAnswer ? { ...answer, body: JSON.stringify(cells.length === 1 ? cells[0] : cells) } : answer;
}
