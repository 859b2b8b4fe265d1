import { isDeeper, isObject, isList, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Endpoint } from '../../../domain/model.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import { failureAnswer, modelAnswer } from '../answers/read-answer.js';
import { serverWords } from '../answers/server-words.js';
import { actionIn } from '../path-words.js';
import { describedByConfiguration, type GradioApi } from '../payloads/gradio-configuration.js';
import { fileFor, filesIn, withFiles, withoutFiles } from '../payloads/gradio-files.js';
import { DEEPEST_EXAMPLE, variants } from '../payloads/payload-budget.js';
import { SENTENCES } from '../payloads/sentences.js';
import {
  addressBelow,
  basesAbove,
  get,
  getJson,
  isHttpAnswer,
  post,
  type Candidate,
  type Connector,
  type ConnectorContext,
} from './connector.js';

/**
 * Gradio. Current servers (4.x on): POST `/gradio_api/call/<fn>` gives an event id, GET of the same with the id is an
 * event stream whose `complete` event holds the answer (Gradio's guide "Querying Gradio apps with curl"). Old servers
 * (3.x): POST `/run/predict`, or `/api/predict`, `{"data": […]}`.
 */
export const gradio: Connector = {
  id: 'gradio',
  async describe(context, url, authorizationSecret) {
    const old = /^.*\/(run|api)\/predict\/?$/.test(url.pathname) ? url.href : null;
    for (const base of basesOf(url)) {
      for (const prefix of ['/gradio_api', '']) {
        const info = await getJson(context, `${base}${prefix}/info`, authorizationSecret);
        if (info === null || !isObject(info) || !isObject(info.named_endpoints)) continue;
        // Without the prefix the server may be a 3.x one, which knows `/run` only.
        const apis = prefix === '' ? (['call', 'run'] as const) : (['call'] as const);
        return candidatesOf(info.named_endpoints, url, `${base}${prefix}`, apis, authorizationSecret);
      }
      const config = old === null ? await getJson(context, `${base}/config`, authorizationSecret) : null;
      if (config === null || !isObject(config) || config.components === undefined) continue;
      const { functions, api, prefix } = describedByConfiguration(config);
      const found = candidatesOf(functions, url, addressBelow(base, prefix), [api], authorizationSecret);
      return found.length > 0 ? found : [oldCandidate(`${base}/run/predict`, authorizationSecret)];
    }
    return old === null ? [] : [oldCandidate(old, authorizationSecret)];
  },
  ask: (context, endpoint, payload) =>
    endpoint.settings.api === 'run' ? run(context, endpoint, payload) : callAndWait(context, endpoint, payload),
};

/** The application may be mounted below any path: what stands before its own paths, else the address and upwards. */
function basesOf(url: URL): string[] {
  const told = /^(.*?)\/(gradio_api\/.*|call\/.*|(?:run|api)\/[^/]+\/?)$/.exec(url.pathname);
  return told === null ? basesAbove(url) : [`${url.origin}${told[1] ?? ''}`];
}

const TEXT: JsonObject = { type: { type: 'string' } };

const oldCandidate = (url: string, authorizationSecret: string | null): Candidate => ({
  endpoint: { url, connector: 'gradio', settings: { api: 'run' }, authorizationSecret },
  payloads: payloadsFor([TEXT]),
  what: 'Gradio configuration',
});

/** None where the examples of the app are too large, or too deep, to send. */
const payloadsFor = (parameters: readonly Json[]): Json[] =>
  variants((variant, budget) => {
    const data = parameters.map((parameter) => exampleOf(parameter, variant));
    const isSent = data.every((one) => !isDeeper(one, DEEPEST_EXAMPLE) && budget.forValue(JSON.stringify(one).length));
    return isSent ? { data } : null;
  }).filter((payload) => payload !== null);

/** Functions the server describes, the one the address names first. */
function candidatesOf(
  functions: JsonObject,
  url: URL,
  base: string,
  apis: readonly GradioApi[],
  authorizationSecret: string | null,
): Candidate[] {
  const rank = (name: string): number => (url.pathname.endsWith(`/call${name}`) ? 2 : name === '/predict' ? 1 : 0);
  const ranked = Object.entries(functions)
    .filter(([name]) => actionIn(name) === null)
    .sort(([a], [b]) => rank(b) - rank(a));
  return ranked.slice(0, 3).flatMap(([name, description]) => {
    const parameters = isObject(description) && isList(description.parameters) ? description.parameters : [];
    const payloads = payloadsFor(parameters);
    return apis.map((api): Candidate => ({
      endpoint: { url: `${base}/${api}${name}`, connector: 'gradio', settings: { api }, authorizationSecret },
      payloads,
      what: `Gradio function ${name}`,
    }));
  });
}

function exampleOf(parameter: Json, variant: number): Json {
  if (!isObject(parameter)) return null;
  const file = fileFor(parameter, variant);
  if (file !== null) return file;
  const choices = choicesOf(parameter);
  if (choices.length > 0) return choices[variant % choices.length] ?? null;
  const type = isObject(parameter.type)
    ? parameter.type.type
    : isObject(parameter.python_type)
      ? parameter.python_type.type
      : undefined;
  if (type === 'string' || type === 'str') return SENTENCES[variant % SENTENCES.length] ?? '';
  const example =
    parameter.parameter_has_default === true
      ? (parameter.parameter_default ?? null)
      : (parameter.example_input ?? null);
  if (typeof example === 'number') return example + variant;
  return example;
}

/** A radio or dropdown tells its choices in the type: `{enum: […]}`, or `Literal['a', 'b']` for Python. */
function choicesOf(parameter: JsonObject): readonly Json[] {
  if (isObject(parameter.type) && isList(parameter.type.enum)) return parameter.type.enum;
  const python = isObject(parameter.python_type) ? parameter.python_type.type : null;
  const literal = typeof python === 'string' ? /^Literal\[(.*)\]$/s.exec(python)?.[1] : undefined;
  return literal === undefined
    ? []
    : [...literal.matchAll(/[^']*'((?:[^'\\]|\\.)*)'/gy)].map(([, choice = '']) => choice);
}

async function run(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer> {
  const answer = await post(context, endpoint, endpoint.url, payload);
  return isHttpAnswer(answer)
    ? modelAnswer(answer, (body) => withoutFiles(isObject(body) ? (body.data ?? null) : body), context.asking?.pointers)
    : answer;
}

async function callAndWait(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer> {
  const uploaded = await upload(context, endpoint, payload);
  if ('kind' in uploaded) return uploaded;
  const started = await post(context, endpoint, endpoint.url, uploaded.payload);
  if (!isHttpAnswer(started)) return started;
  const eventId = started.status === 200 ? eventIdOf(started.body) : null;
  if (eventId === null) return modelAnswer(started, () => null);
  const spentSeconds = uploaded.latencySeconds + started.latencySeconds;
  const stream = await get(
    { ...context, timeoutMs: Math.max(1, context.timeoutMs - spentSeconds * 1_000) },
    `${endpoint.url}/${encodeURIComponent(eventId)}`,
    endpoint.authorizationSecret,
    'text/event-stream',
  );
  const latencySeconds = spentSeconds + stream.latencySeconds;
  if (stream.kind === 'failure') return failureAnswer(stream.failure.reason, stream.failure.detail, latencySeconds);
  if (stream.status !== 200) return modelAnswer({ ...stream, latencySeconds });
  const last = lastEvent(stream.body);
  if (last === null)
    return failureAnswer('schema', 'the event stream ended without an answer', latencySeconds, stream.status);
  if (last.event === 'error') {
    const words = last.data === 'null' ? null : serverWords(last.data);
    const said = `the Gradio function raised an error${words === null ? '' : `: “${words}”`}`;
    return failureAnswer('http_5xx', said, latencySeconds, stream.status);
  }
  return modelAnswer({ ...stream, body: last.data, latencySeconds }, withoutFiles, context.asking?.pointers);
}

function eventIdOf(body: string): string | null {
  try {
    const parsed = parseJson(body);
    return isObject(parsed) && typeof parsed.event_id === 'string' ? parsed.event_id : null;
  } catch {
    return null;
  }
}

/** The stream's last `complete` or `error` event. */
function lastEvent(stream: string): { readonly event: string; readonly data: string } | null {
  let found: { event: string; data: string } | null = null;
  for (const block of stream.split(/\r?\n\r?\n/)) {
    const event = /^event: ?(.*)$/m.exec(block)?.[1]?.trim();
    const data = /^data: ?(.*)$/m.exec(block)?.[1];
    if ((event === 'complete' || event === 'error') && data !== undefined) found = { event, data };
  }
  return found;
}

/** The payload with its files handed over first: the server’s own paths of them stand in their place. */
async function upload(
  context: ConnectorContext,
  endpoint: Endpoint,
  payload: Json,
): Promise<{ readonly payload: Json; readonly latencySeconds: number } | ModelAnswer> {
  const files = [...new Set(filesIn(payload))];
  if (files.length === 0) return { payload, latencySeconds: 0 };
  const address = endpoint.url.replace(/(?<!\/)\/call\/[^?#]*/, '/upload');
  const answer = await post(context, { ...endpoint, connector: 'multipart' }, address, { files });
  if (!isHttpAnswer(answer)) return answer;
  const paths = pathsIn(answer.body);
  if (answer.status !== 200 || paths.length !== files.length) return modelAnswer(answer, () => null);
  const pathOf = new Map(files.map((file, i) => [file, paths[i] ?? '']));
  return { payload: withFiles(payload, pathOf), latencySeconds: answer.latencySeconds };
}

function pathsIn(body: string): readonly string[] {
  try {
    const parsed = parseJson(body);
    return isList(parsed) ? parsed.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}
