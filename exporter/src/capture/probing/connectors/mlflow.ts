import type { Json } from '../../../domain/json.js';
import { payloadsFromRefusal } from '../payloads/mlflow-signature.js';
import { guessedRows } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import {
  askByPost,
  get,
  isHttpAnswer,
  isRoot,
  post,
  type Candidate,
  type Connector,
  type ConnectorContext,
} from './connector.js';

/** MLflow's scoring server: `/ping` and `/version` answer, `POST /invocations` takes `dataframe_split`, `inputs` or `instances`. */
export const mlflow: Connector = {
  id: 'mlflow',
  async describe(context, url, authorizationSecret) {
    const isInvocations = /\/invocations\/?$/.test(url.pathname);
    if (!isInvocations && !isRoot(url)) return [];
    if (!isInvocations && !(await isMlflowServer(context, url, authorizationSecret))) return [];
    const endpoint = {
      url: isInvocations ? url.href : `${url.origin}/invocations`,
      connector: 'mlflow',
      settings: {},
      authorizationSecret,
    } as const;
    const refused = await post(context, endpoint, endpoint.url, { dataframe_split: { columns: [], data: [[]] } });
    const signed = isHttpAnswer(refused) && refused.status >= 400 ? payloadsFromRefusal(refused.body) : [];
    const candidates: Candidate[] = [{ endpoint, payloads: guesses(), what: 'MLflow scoring server', isGuess: true }];
    if (signed.length > 0) candidates.unshift({ endpoint, payloads: signed, what: 'MLflow signature' });
    return candidates;
  },
  ask: askByPost,
};

/** True when `/version` beside `/invocations` answers with a version, below any prefix. */
export async function isMlflowServer(context: ConnectorContext, url: URL, secret: string | null): Promise<boolean> {
  const base = url.pathname.replace(/\/(invocations\/?)?$/, '');
  const version = await get(context, `${url.origin}${base}/version`, secret);
  return version.kind === 'answer' && version.status === 200 && /^"?\d+\.\d+/.test(version.body.trim());
}

/** Without a signature widths are tried from narrow to wide, then text. */
const guesses = (): Json[] => [
  ...guessedRows().map((row): Json => ({ inputs: [row] })),
  { inputs: [SENTENCES[0] ?? ''] },
];
