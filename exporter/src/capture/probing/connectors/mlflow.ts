import { isObject } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { modelAnswer } from '../answers/read-answer.js';
import { SENTENCES } from '../payloads/sentences.js';
import { headersFor, isHttpAnswer, isRoot, post, rootOf, type Candidate, type Connector } from './connector.js';

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
    const endpoint = {
      url: isInvocations ? url.href : `${rootOf(url)}/invocations`,
      connector: 'mlflow',
      settings: {},
      authorizationSecret,
    } as const;
    const refused = await post(context, endpoint, endpoint.url, { dataframe_split: { columns: [], data: [[]] } });
    const signed = isHttpAnswer(refused) && refused.status >= 400 ? payloadsFromRefusal(refused.body) : [];
    const candidates: Candidate[] = [{ endpoint, payloads: guesses(), what: 'MLflow scoring server' }];
    if (signed.length > 0) candidates.unshift({ endpoint, payloads: signed, what: 'MLflow signature' });
    return candidates;
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer, undefined, context.asking?.pointers) : answer;
  },
};

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
    parsed = JSON.parse(body) as Json;
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
function guesses(): Json[] {
  const row = (width: number): number[] =>
    Array.from({ length: width }, (_, i) => Number((0.5 + ((i * 37) % 50) / 10).toFixed(1)));
  const widths = [4, 1, 2, 3, 5, 8, 10, 13, 30];
  return [...widths.map((width): Json => ({ inputs: [row(width)] })), { inputs: [SENTENCES[0] ?? ''] }];
}
