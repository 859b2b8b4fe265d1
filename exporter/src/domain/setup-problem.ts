import { advisedByWords } from './advised-by-words.js';
import type { Failure, FailureReason } from './observation.js';
import { durationText } from './time-text.js';

/** What stands between mlfi and the first answer of a model. */
export const SETUP_KINDS = [
  'blocked-by-egress',
  'host-not-found',
  'connection-refused',
  'certificate',
  'no-encryption',
  'speaks-grpc',
  'no-answer-in-time',
  'credentials',
  'not-found',
  'wrong-method',
  'moved',
  'rate-limited',
  'not-ready',
  'server-error',
  'payload-needed',
  'error-answer',
  'not-a-model',
  'unknown-answer',
  'answer-too-large',
  'not-understood',
  'not-asked',
] as const;
export type SetupKind = (typeof SETUP_KINDS)[number];

/** Why a model has not been asked successfully yet, and the one thing to do. Neither an incident nor a fault of the model. */
export interface SetupProblem {
  readonly kind: SetupKind;
  /** One sentence, with the server's own words where it gave any. */
  readonly sentence: string;
  /** The one thing to do, a full sentence. */
  readonly advice: string;
}

const KINDS: Readonly<Record<FailureReason, SetupKind>> = {
  dns: 'host-not-found',
  connect: 'connection-refused',
  certificate: 'certificate',
  tls: 'no-encryption',
  not_http: 'speaks-grpc',
  timeout: 'no-answer-in-time',
  credentials: 'credentials',
  not_found: 'not-found',
  moved: 'moved',
  rate_limited: 'rate-limited',
  payload_refused: 'payload-needed',
  http_4xx: 'payload-needed',
  http_5xx: 'server-error',
  error_body: 'error-answer',
  no_answer: 'unknown-answer',
  not_json: 'not-a-model',
  schema: 'unknown-answer',
  too_large: 'answer-too-large',
  blocked: 'blocked-by-egress',
  other: 'not-asked',
};

const ADVICE: Readonly<Record<SetupKind, string>> = {
  'blocked-by-egress': 'Allow it under `egress` in the configuration, or give an address that mlfi may call.',
  'host-not-found': 'Check the spelling of the host, and write its name as the machine that runs mlfi sees it.',
  'connection-refused': 'Check host and port, and that the server is up and reachable from where mlfi runs.',
  certificate: 'Give the certificate authority that signed it, or renew the certificate on the server.',
  'no-encryption': 'Check whether this port speaks TLS: give the address with http:// if it does not.',
  'speaks-grpc':
    'Give the server’s HTTP port instead (Triton 8000, TensorFlow Serving 8501, TorchServe and MLServer 8080), put a REST proxy in front of it, or send prediction logs.',
  'no-answer-in-time': 'Check that the address is right, or give a longer timeout.',
  credentials: 'Give the credentials the server asks for: a header whose value comes from a file or a secret.',
  'not-found': 'Give the full address of the path that predicts, below any prefix.',
  'wrong-method': 'Give the address that takes the model’s inputs by POST, or say that it is PUT.',
  moved: 'Give the address the server points to.',
  'rate-limited':
    'Nothing: mlfi waits as long as the server asks. Give a longer interval or a budget of calls if it happens again.',
  'not-ready': 'Nothing, if it is starting: mlfi goes on asking. Read the log of the server if it lasts.',
  'server-error': 'Give a payload the model takes; if it fails on that too, read the log of the server.',
  'payload-needed': 'Give one payload the model takes.',
  'error-answer': 'Read what the server says; if it is about the input, give one payload the model takes.',
  'not-a-model': 'Give the address of the path that predicts: this one shows a page or something else that is no JSON.',
  'unknown-answer': 'Check that this is a model; if it is, say where in its response the prediction is.',
  'answer-too-large':
    'Give a payload with fewer rows, or let more be read of an answer: `egress.maximum_response` in the configuration.',
  'not-understood': 'Give one payload the model takes, so that its responses mean something.',
  'not-asked': 'Nothing yet: the model has not been asked.',
};

const isAway = ({ httpStatus }: Failure): boolean => httpStatus === 502 || httpStatus === 503 || httpStatus === 504;

/** Of a server that is starting, or a proxy that finds none behind it; TorchServe says 503 of a payload on which its handler fails. */
export const isNotReady = (failure: Failure): boolean => isAway(failure) && !/prediction failed/i.test(failure.detail);

const PASSING: ReadonlySet<FailureReason> = new Set(['rate_limited', 'connect', 'timeout']);

/** Whether the same call may succeed later by itself: the server limits calls, is loading, or is not there now. */
export const mayPass = (failure: Failure): boolean =>
  PASSING.has(failure.reason) || failure.retryAfterMs !== null || isAway(failure);

/** The kind of problem a failed call is before the first good answer. */
function setupKindOf(failure: Failure): SetupKind {
  const { reason, httpStatus, retryAfterMs } = failure;
  // 501 is what a server says that knows no POST at all.
  if (httpStatus === 405 || httpStatus === 501) return 'wrong-method';
  if (reason === 'blocked' && USER_IN_ADDRESS.test(failure.detail)) return 'credentials';
  if (reason === 'payload_refused' && HEADER_WANTED.test(failure.detail)) return 'credentials';
  if (reason === 'http_5xx' && (retryAfterMs !== null || isNotReady(failure))) return 'not-ready';
  if (reason === 'http_4xx' && httpStatus === 408) return 'no-answer-in-time';
  return KINDS[reason];
}

/** A failed call in words, for whoever sets the model up. */
export function setupProblemOf(failure: Failure): SetupProblem {
  const kind = setupKindOf(failure);
  const wantsFile = kind === 'payload-needed' && FILE_WANTED.test(failure.detail);
  const sentence = `${sentenceOf(failure.detail)}${wantsFile ? ` ${FILE_HINT}` : ''}`;
  return { kind, sentence, advice: adviceOf(kind, failure) };
}

/** An account that may call no more for now, or has to pay (402, 403). */
const USED_UP = /\b(?:quota|credits?|billing (?:hard )?limit|payment required)\b/i;
/** An address with a user or a password is not called, wherever it points. */
const USER_IN_ADDRESS = /^addresses with a user name or password/;
/** A header by its name (FastAPI). */
const HEADER_WANTED = /\bheader\.[\w-]+: (?:field required|missing)/i;
const FILE_WANTED = /\b(?:file|files|image|upload): field required|\bno (?:file|image)\b|multipart|form-data/i;
const FILE_HINT =
  'A file is sent with `connector: multipart`, as a `data:` address in its field: {"file": "data:image/png;base64,…"}.';

function adviceOf(kind: SetupKind, { detail, httpStatus }: Failure): string {
  const isOfAccount = httpStatus === 402 || httpStatus === 403;
  return isOfAccount && USED_UP.test(detail)
    ? 'Raise the quota, or wait until it is renewed: neither another payload nor another key helps.'
    : (advisedByWords(detail) ?? ADVICE[kind]);
}

/** The same for whoever asks once: nobody asks again for them. */
export function problemOfOneTry(failure: Failure): SetupProblem {
  const problem = setupProblemOf(failure);
  const { retryAfterMs } = failure;
  if (problem.kind !== 'rate-limited' && problem.kind !== 'not-ready') return problem;
  const advice =
    retryAfterMs === null ? 'Try again later.' : `Try again in ${durationText(Math.max(1_000, retryAfterMs))}.`;
  return { ...problem, advice };
}

/** A problem with words of its own and the usual advice. */
export const setupProblem = (kind: SetupKind, sentence: string): SetupProblem => ({
  kind,
  sentence,
  advice: ADVICE[kind],
});

function sentenceOf(detail: string): string {
  const text = detail.trim();
  const begun = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  return /[.!?…]”?$/.test(begun) ? begun : `${begun}.`;
}
