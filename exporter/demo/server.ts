import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../src/domain/json.js';
import type { Clock, Random } from '../src/domain/ports.js';
import { IMMEDIATE_DECAY, type DecayPlan } from './models/drifting.js';
import { textModels } from './models/index.js';
import type { SampleAnswer, TextPredictor } from './models/sample-model.js';
import { openApiDocument } from './openapi.js';
import { DATA_FAULTS, faultFrom, FAULT_KINDS, type TabularFault } from './tabular/faults.js';
import {
  MODEL_VERSION,
  servingModel,
  tabularFeatures,
  trainTabular,
  type TabularModel,
} from './tabular/tabular-model.js';

export interface DemoModelsOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** Address to listen on; this machine only when not given. */
  readonly address?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** When the drifting model begins to decay; at once when not given. */
  readonly decay?: DecayPlan;
  /** Calls that the broken model answers before it breaks; none when not given. */
  readonly workingCalls?: number;
  /** A model trained before, to save the seconds of training. */
  readonly tabular?: TabularModel;
}

export interface DemoModels {
  readonly port: number;
  readonly names: readonly string[];
  readonly tabular: TabularModel;
  /** Address to ask the model at. @throws RangeError for a name that is not in `names`. */
  urlOf(name: string): string;
  readonly switches: { get(): TabularFault; set(fault: TabularFault): void };
  /** Where the repair of the tabular model's data is asked for, as the webhook of an approved "fix-pipeline" does. */
  readonly mendUrl: string;
  /** Ends open calls and frees the port. */
  close(): Promise<void>;
}

const MEND_PATH = '/tabular/mend';
const MAX_BODY_BYTES = 65_536;

/** Starts all sample models behind one HTTP server. Trains the tabular model first (seconds). */
export async function startDemoModels(options: DemoModelsOptions): Promise<DemoModels> {
  const { clock, random } = options;
  const models = textModels(options.decay ?? IMMEDIATE_DECAY, options.workingCalls ?? 0);
  const predictors = new Map(models.map((model) => [model.name, model.create({ clock, random })]));
  const tabular = options.tabular ?? trainTabular(random);
  let fault: TabularFault = { kind: 'none' };
  const documents = new Map([
    ['/openapi.json', openApiDocument(models, tabular.heldOut)],
    ['/tabular/openapi.json', openApiDocument([], tabular.heldOut)],
  ]);
  const names = [...predictors.keys(), 'tabular'];
  const stopping = new AbortController();

  const askTabular = (body: unknown): SampleAnswer => {
    const features = tabularFeatures(body);
    if (typeof features === 'string') return refusal(422, features);
    const { prediction, confidence } = servingModel(tabular, fault)(features);
    const rounded = Math.round(confidence * 1e6) / 1e6;
    return { status: 200, body: { prediction, confidence: rounded, model_version: MODEL_VERSION } };
  };
  const setSwitch = (body: unknown): SampleAnswer => {
    const wanted = faultFrom(body);
    if (wanted === null) return refusal(422, `write one of ${FAULT_KINDS.join(', ')}, or an object with its settings`);
    fault = wanted;
    return { status: 200, body: { ...fault } };
  };
  /** What a pipeline's owner would do on an approved repair: undo the fault of the data. A fault of model or world stays. */
  const mend = (): SampleAnswer => {
    const mended = DATA_FAULTS.has(fault.kind) ? fault.kind : null;
    if (mended !== null) fault = { kind: 'none' };
    return { status: 200, body: { mended } };
  };
  const get = (path: string): SampleAnswer => {
    const document = documents.get(path);
    if (document !== undefined) return { status: 200, body: document };
    if (path === '/tabular/switch') return { status: 200, body: { ...fault } };
    if (path === '/') return { status: 200, body: { models: names.map((name) => `/${name}/predict`) } };
    return refusal(404, 'no such page; see /openapi.json');
  };

  const reply = async (request: IncomingMessage, signal: AbortSignal): Promise<SampleAnswer> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (request.method === 'GET') return get(path);
    if (request.method !== 'POST') return refusal(405, 'use GET or POST');
    const body = await readJson(request);
    if ('refused' in body) return body.refused;
    if (path === '/tabular/predict') return askTabular(body.json);
    if (path === '/tabular/switch') return setSwitch(body.json);
    if (path === MEND_PATH) return mend();
    const predict = predictors.get(/^\/([a-z-]+)\/predict$/.exec(path)?.[1] ?? '');
    return predict === undefined
      ? refusal(404, 'no such model; see /openapi.json')
      : askText(predict, body.json, signal);
  };

  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    void reply(request, AbortSignal.any([gone.signal, stopping.signal]))
      .catch((): SampleAnswer => refusal(500, 'the demo server failed'))
      .then((answered) => send(response, answered));
  });
  await listen(server, options.port, options.address ?? '127.0.0.1');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    names,
    tabular,
    urlOf(name) {
      if (!names.includes(name)) throw new RangeError(`there is no sample model "${name}"`);
      return `http://127.0.0.1:${port}/${name}/predict`;
    },
    switches: {
      get: () => fault,
      set: (wanted) => {
        fault = wanted;
      },
    },
    mendUrl: `http://127.0.0.1:${port}${MEND_PATH}`,
    close: () =>
      new Promise((resolve) => {
        stopping.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusal(status: number, detail: string): SampleAnswer {
  return { status, body: { detail } };
}

async function askText(predict: TextPredictor, body: Json, signal: AbortSignal): Promise<SampleAnswer> {
  const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  return typeof text === 'string' ? predict(text, signal) : refusal(422, 'the body must be {"text": "…"}');
}

async function readJson(
  request: IncomingMessage,
): Promise<{ readonly json: Json } | { readonly refused: SampleAnswer }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return { refused: refusal(413, 'the body is larger than 64 KiB') };
    chunks.push(chunk);
  }
  try {
    return { json: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json };
  } catch {
    return { refused: refusal(400, 'the body is not JSON') };
  }
}

function send(response: ServerResponse, { status, body }: SampleAnswer): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
