import { t } from '@grafana/i18n';

export type FailureKind =
  | 'exporter-down'
  | 'not-configured'
  | 'other-grafana'
  | 'policy'
  | 'refused'
  | 'not-found'
  | 'conflict'
  | 'name-taken'
  | 'invalid'
  | 'failed';

/** Why a request failed, in words for the person who reads it. */
export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly field: string | null = null,
    readonly details: unknown = null
  ) {
    super(message);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** The body of a refusal: Grafana hands on what it could parse, and wraps what it could not in `message`. */
function bodyOf(data: unknown): Record<string, unknown> {
  const text = typeof data === 'string' ? data : isObject(data) && !isObject(data.error) ? data.message : undefined;
  if (typeof text === 'string' && text.trimStart().startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(text);
      return isObject(parsed) ? parsed : {};
    } catch {
      // Words, not JSON.
    }
  }
  return isObject(data) ? data : typeof data === 'string' ? { message: data } : {};
}

const KINDS: Record<number, FailureKind> = { 400: 'invalid', 403: 'refused', 404: 'not-found', 409: 'conflict' };

/** Problems of an identity that no change of the connection mends; any other one is a matter of the connection. */
const OF_THE_PERSON = ['scope', 'not-a-person'];

function ofExporter(status: number, said: Record<string, unknown>): Failure {
  const message = textOf(said.message) ?? '';
  const problem = isObject(said.details) ? textOf(said.details.problem) : null;
  if (problem === 'bad-signature') {
    return new Failure(
      'other-grafana',
      t(
        'failure.other-grafana',
        'The exporter cannot verify who you are: your token was signed by a Grafana other than the one in its identity.grafana.url, or that Grafana has a new database.'
      )
    );
  }
  const isOfConnection = problem !== null && !OF_THE_PERSON.includes(problem);
  const kind =
    status === 403 && !isOfConnection
      ? 'policy'
      : status === 409 && said.field === 'id'
        ? 'name-taken'
        : (KINDS[status] ?? 'failed');
  return new Failure(kind, message, textOf(said.field), said.details);
}

/** Reads Grafana's and the exporter's way of saying no. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) {
    return thrown;
  }
  const { status, statusText, data } = isObject(thrown) ? thrown : {};
  const code = typeof status === 'number' ? status : 0;
  const body = bodyOf(data);
  if (isObject(body.error) && textOf(body.error.message) !== null) {
    return ofExporter(code, body.error);
  }
  if (code === 502 || code === 504) {
    return new Failure(
      'exporter-down',
      t('failure.down', "Grafana's server cannot reach the exporter at the configured address.")
    );
  }
  if (code === 500 && (textOf(body.message) ?? '').toLowerCase().includes('interpolate')) {
    return new Failure('not-configured', t('failure.not-configured', 'The exporter address is not configured.'));
  }
  if (code === 403) {
    return new Failure('policy', t('failure.role', 'Your Grafana role does not allow this.'));
  }
  const message = textOf(body.message) ?? textOf(statusText) ?? (thrown instanceof Error ? thrown.message : '');
  return new Failure('failed', message === '' ? t('failure.failed', 'The request failed.') : message);
}
