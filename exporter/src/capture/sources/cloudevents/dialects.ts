import { isObject, isList } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import type { Service } from '../services.js';
import type { CloudEvent } from './read-events.js';

/** What one event is about a call. */
export type EventPart =
  | {
      readonly kind: 'half';
      readonly side: 'request' | 'response';
      /** The same in both halves. */
      readonly callId: string;
      readonly service: Service;
      readonly time: string | null;
      readonly data: Json | undefined;
      readonly modelVersion: string | null;
      readonly context: Readonly<Record<string, string>>;
    }
  /** `id` is the sender's, the same when it repeats itself. */
  | { readonly kind: 'row'; readonly id: string; readonly service: Service; readonly rows: readonly Json[] }
  | { readonly kind: 'skipped'; readonly why: string };

const KSERVE = /^org\.kubeflow\.serving\.inference\.(request|response)$/;
const SELDON = /^io\.seldon\.serving\.inference\.(request|response)$/;
const SELDON_FEEDBACK = 'io.seldon.serving.feedback';
const AZURE = /^azureml\.inference\.(request|response|(?:model_)?inputs|(?:model_)?outputs)$/;
const ARM = /\/onlineEndpoints\/([^/]+)(?:\/deployments\/([^/]+))?/i;
/** What MLServer names itself when nobody told it its service. */
const UNNAMED = new Set(['', 'mlserver', 'unknown', 'default']);

/** Reads an event by who writes such ones: KServe, Seldon and MLServer, Azure ML; all others hold rows of a log. */
export function partOf(event: CloudEvent): EventPart {
  const kserve = KSERVE.exec(event.type);
  if (kserve !== null) return kserveHalf(event, sideOf(kserve[1]));
  const seldon = SELDON.exec(event.type);
  if (seldon !== null)
    return half(event, sideOf(seldon[1]), attribute(event, 'requestid') ?? event.id, seldonService(event));
  if (event.type === SELDON_FEEDBACK) return feedback(event);
  const azure = AZURE.exec(event.type);
  return azure !== null ? azureHalf(event, sideOf(azure[1])) : rowsOf(event);
}

const sideOf = (word: string | undefined): 'request' | 'response' =>
  word === 'request' || (word?.endsWith('inputs') ?? false) ? 'request' : 'response';

const attribute = ({ extensions }: CloudEvent, name: string): string | null => {
  const value = extensions.get(name) ?? '';
  return value === '' ? null : value;
};

const named = (service: string, namespace: string | null, suffix = ''): Service => {
  const name = `${service}${suffix}`;
  const full = namespace === null || namespace === 'default' ? name : `${namespace}/${name}`;
  return { names: [`${namespace ?? 'default'}/${name}`, full, name], newName: full };
};

function kserveHalf(event: CloudEvent, side: 'request' | 'response'): EventPart {
  const component = attribute(event, 'component') ?? 'predictor';
  if (component === 'explainer') return { kind: 'skipped', why: 'an explanation is no prediction' };
  const service = attribute(event, 'inferenceservicename');
  // A transformer sees other inputs than its predictor: they are two models.
  const suffix = component === 'transformer' ? '-transformer' : '';
  return half(
    event,
    side,
    event.id,
    service === null ? { names: [], newName: null } : named(service, attribute(event, 'namespace'), suffix),
  );
}

/** A graph of Seldon's may log on each of its nodes; MLServer names the model only. */
function seldonService(event: CloudEvent): Service {
  const service = attribute(event, 'inferenceservicename') ?? '';
  const node = attribute(event, 'modelid') ?? attribute(event, 'endpoint');
  const namespace = attribute(event, 'namespace');
  if (UNNAMED.has(service)) return node === null ? { names: [], newName: null } : named(node, namespace);
  const own = named(service, namespace);
  return node === null ? own : { names: [`${service}/${node}`, ...own.names], newName: own.newName };
}

function half(
  event: CloudEvent,
  side: 'request' | 'response',
  callId: string,
  service: Service,
  modelVersion: string | null = null,
): EventPart {
  const endpoint = attribute(event, 'endpoint');
  const context: Record<string, string> = {};
  if (endpoint !== null && endpoint !== 'default' && KSERVE.test(event.type)) context.endpoint = endpoint;
  return { kind: 'half', side, callId, service, time: event.time, data: event.data, modelVersion, context };
}

function azureHalf(event: CloudEvent, side: 'request' | 'response'): EventPart {
  if (attribute(event, 'datainblob') === 'true')
    return { kind: 'skipped', why: 'its data is in a blob of its own, which is not fetched' };
  const [, endpoint, deployment] = ARM.exec(event.source) ?? [];
  const service: Service =
    endpoint === undefined
      ? { names: [], newName: null }
      : { names: [...(deployment === undefined ? [] : [`${endpoint}/${deployment}`]), endpoint], newName: endpoint };
  const callId = attribute(event, 'correlationid') ?? attribute(event, 'xrequestid') ?? event.id;
  return half(event, side, callId, service, attribute(event, 'modelversion'));
}

/** Seldon's feedback: the truth, as an answer would be, for the call of a puid. */
function feedback(event: CloudEvent): EventPart {
  const { data } = event;
  const said = isObject(data) ? data : {};
  const response = isObject(said.response) && isObject(said.response.meta) ? said.response.meta.puid : undefined;
  const puid = typeof response === 'string' ? response : attribute(event, 'requestid');
  const label = labelIn(said.truth);
  if (puid === null || label === undefined) return { kind: 'skipped', why: 'feedback without a truth or a puid' };
  return { kind: 'row', id: identityOf(event), service: seldonService(event), rows: [{ prediction_id: puid, label }] };
}

/** What makes an event one by the specification: `source` and `id`; and its type, as brokers keep it. */
const identityOf = ({ source, id, type }: CloudEvent): string => [source, type, id].join('\n');

function labelIn(truth: Json | undefined): Json | undefined {
  if (!isObject(truth) || !isObject(truth.data)) return undefined;
  const { ndarray } = truth.data;
  const values = isList(ndarray) ? (ndarray.flat(3) as readonly Json[]) : [];
  return values.length === 1 ? values[0] : undefined;
}

/** Any other event holds a row, or a list of rows, as they are sent to `…/observations`. */
function rowsOf(event: CloudEvent): EventPart {
  const names = ['modelid', 'model', 'modelname', 'inferenceservicename', 'subject'].flatMap((name) => {
    const value = attribute(event, name);
    return value === null ? [] : [value];
  });
  const rows = isList(event.data) ? event.data : [event.data ?? null];
  return { kind: 'row', id: identityOf(event), service: { names, newName: names[0] ?? null }, rows };
}
