import { isObject, parseJson } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { guessedRows } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import {
  askByPost,
  headersFor,
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
  const version = await context.http.call({
    method: 'GET',
    url: `${url.origin}${base}/version`,
    headers: headersFor(context, secret),
    body: null,
    timeoutMs: context.timeoutMs,
    maxResponseBytes: 65_536,
  });
  return version.kind === 'answer' && version.status === 200 && /^"?\d+\.\d+/.test(version.body.trim());
}

const VARIANTS = 8;
const MOST_VALUES = 10_000;
const COLUMN = /(["'])((?:(?!\1).)+)\1: (boolean|integer|long|float|double|string|datetime) \((?:required|optional)\)/g;
const TENSOR = /Tensor\('(?:float|int|uint)\d+', \(([-\d, ]+)\)\)/;

/**
 * Payloads that fit the signature which the server tells when it refuses an empty table: `Failed to enforce schema of
 * data '…' with schema '['age': long (required), …]'`, or `Tensor('float64', (-1, 9))` for arrays
 * (mlflow/pyfunc/__init__.py, `_validate_prediction_input`). Empty when the model has no signature.
 */
export function payloadsFromRefusal(body: string): readonly Json[] {
  let parsed: Json;
  try {
    parsed = parseJson(body);
  } catch {
    return [];
  }
  const message = isObject(parsed) && typeof parsed.message === 'string' ? parsed.message : '';
  const schema = /with schema '\[([\s\S]*)\]'/.exec(message)?.[1] ?? '';
  const columns = [...schema.matchAll(COLUMN)].map(([, , name = '', type = '']) => ({ name, type }));
  const variants = Array.from({ length: VARIANTS }, (_, variant) => variant);
  if (columns.length > 0)
    return variants.map((variant) => ({
      dataframe_split: {
        columns: columns.map(({ name }) => name),
        data: [columns.map(({ type }, i) => valueOf(type, variant * 7 + i))],
      },
    }));
  const sizes = TENSOR.exec(schema)?.[1]?.split(',').map(Number) ?? [];
  const shape = sizes.map((size) => (size > 0 ? size : 1));
  if (shape.length === 0 || shape.reduce((product, size) => product * size, 1) > MOST_VALUES) return [];
  return variants.map((variant) => ({ inputs: tensor(shape, variant) }));
}

function valueOf(type: string, seed: number): Json {
  if (type === 'boolean') return seed % 2 === 0;
  if (type === 'string') return SENTENCES[seed % SENTENCES.length] ?? '';
  if (type === 'datetime') return `2024-01-${String(1 + (seed % 28)).padStart(2, '0')}T00:00:00`;
  return type === 'integer' || type === 'long' ? seed % 10 : Number((0.5 + 0.37 * (seed % 11)).toFixed(3));
}

function tensor([size = 1, ...inner]: readonly number[], seed: number): Json {
  return Array.from({ length: size }, (_, i) =>
    inner.length === 0 ? valueOf('double', seed * 7 + i) : tensor(inner, seed + i),
  );
}

/** Without a signature widths are tried from narrow to wide, then text. */
const guesses = (): Json[] => [
  ...guessedRows().map((row): Json => ({ inputs: [row] })),
  { inputs: [SENTENCES[0] ?? ''] },
];
