import { modelAnswer } from '../answer.js';
import { SENTENCES } from '../payloads/sentences.js';
import type { Json } from '../../../domain/json.js';
import { headersFor, isHttpAnswer, isRoot, post, rootOf, type Connector } from './connector.js';

/** MLflow's scoring server: `/ping` and `/version` answer, `POST /invocations` takes `dataframe_split`, `inputs` or `instances`. */
export const mlflow: Connector = {
  id: 'mlflow',
  async describe(context, url, authorizationSecret) {
    const isInvocations = /\/invocations\/?$/.test(url.pathname);
    if (!isInvocations && !isRoot(url)) return [];
    const version = await context.http.call({
      method: 'GET',
      url: `${rootOf(url)}/version`,
      headers: headersFor(context, authorizationSecret),
      body: null,
      timeoutMs: context.timeoutMs,
      maxResponseBytes: 65_536,
    });
    const isMlflow = version.kind === 'answer' && version.status === 200 && /^"?\d+\.\d+/.test(version.body.trim());
    if (!isInvocations && !isMlflow) return [];
    return [
      {
        endpoint: {
          url: isInvocations ? url.href : `${rootOf(url)}/invocations`,
          connector: 'mlflow',
          settings: {},
          authorizationSecret,
        },
        payloads: guesses(),
        what: 'MLflow scoring server',
      },
    ];
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer) : answer;
  },
};

/** The server does not publish its signature, so widths are tried from narrow to wide, then text. */
function guesses(): Json[] {
  const row = (width: number): number[] =>
    Array.from({ length: width }, (_, i) => Number((0.5 + ((i * 37) % 50) / 10).toFixed(1)));
  const widths = [4, 1, 2, 3, 5, 8, 10, 13, 30];
  return [...widths.map((width): Json => ({ inputs: [row(width)] })), { inputs: [SENTENCES[0] ?? ''] }];
}
