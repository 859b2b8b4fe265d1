import { isObject } from '../../domain/json.js';
import type { Execution } from '../../domain/decision.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { Clock, HttpCall } from '../../domain/ports.js';
import { outcomeOf, unreadable } from './outcome.js';
import {
  at,
  listAt,
  numberAt,
  resolvedOf,
  textAt,
  textsAt,
  type LookupOutcome,
  type Protocol,
  type TargetContext,
} from './protocol.js';
import type { Plan } from '../../domain/executor.js';

/** Written on the deployment in the same request that acts, so that it proves what arrived. */
const EXECUTION_ANNOTATION = 'mlfi.io/execution-id';
const REVISION = 'deployment.kubernetes.io/revision';
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const TEMPLATE_HASH = 'pod-template-hash';

type KubernetesContext = TargetContext<'kubernetes'>;

/** The one request that acts, or why there is none. */
type Change =
  | {
      readonly kind: 'change';
      /** After "would …" and "the API server took it: …". */
      readonly text: string;
      readonly method: HttpCall['method'];
      readonly path: string;
      readonly contentType: string;
      readonly body: Json;
    }
  | { readonly kind: 'obstacle'; readonly reason: string }
  | { readonly kind: 'done'; readonly detail: string };

/**
 * Acts on a Deployment through the Kubernetes API: `rollout-undo` as `kubectl rollout undo` does (the pod template of an
 * earlier ReplicaSet, as a JSON patch), `restart` as `kubectl rollout restart` (an annotation of the template), `scale-out`
 * through the scale subresource. The plan names the revision or the number of replicas that was seen; every request
 * carries the resourceVersion that was read, so a change by anybody else in between is a refusal, not an overwrite.
 */
export function createKubernetesProtocol(clock: Clock): Protocol<'kubernetes'> {
  return {
    executor: 'kubernetes',
    repetition: 'lookup',
    async resolve(context) {
      if (context.settings.operation === 'scale-out') {
        const scale = await read(context, `${deploymentPath(context)}/scale`);
        if (typeof scale === 'string') return null;
        const from = replicasOf(scale);
        return {
          from_replicas: from,
          to_replicas: Math.max(from, Math.min(from + context.settings.addReplicas, context.settings.mostReplicas)),
        };
      }
      const deployment = await read(context, deploymentPath(context));
      if (typeof deployment === 'string') return null;
      const revision = revisionOf(deployment);
      if (context.settings.operation === 'restart') return { revision };
      const sets = await replicaSetsOf(context, deployment);
      if (typeof sets === 'string' || revision === null) return null;
      const previous = sets.filter((set) => (revisionOf(set) ?? Infinity) < revision).at(-1);
      return {
        from_revision: revision,
        to_revision: revisionOf(previous) ?? 0,
        from_images: imagesOf(deployment),
        to_images: imagesOf(previous),
      };
    },
    async prepare(context, plan) {
      const change = await changeFor(context, plan, null, clock);
      if (change.kind === 'done') return { kind: 'impossible', reason: change.detail };
      if (change.kind === 'obstacle') return { kind: 'impossible', reason: change.reason };
      const reply = await context.call(change.method, `${change.path}?dryRun=All`, {
        body: change.body,
        headers: { 'content-type': change.contentType },
      });
      if (reply.kind !== 'answer' || reply.status >= 300)
        return { kind: 'impossible', reason: `the API server's dry run ${unreadable(reply)}` };
      const hint = await autoscalerHint(context);
      return { kind: 'ready', text: `would ${change.text}; the API server's own dry run accepts it${hint}` };
    },
    async execute(context, plan, execution) {
      const change = await changeFor(context, plan, execution.id, clock);
      if (change.kind === 'done') return { kind: 'succeeded', detail: change.detail };
      if (change.kind === 'obstacle') return { kind: 'failed', detail: `not sent: ${change.reason}` };
      const reply = await context.call(change.method, change.path, {
        body: change.body,
        headers: { 'content-type': change.contentType },
      });
      // The conflict may be with this very execution: its request of before a crash arrived in between.
      if (reply.kind === 'answer' && (reply.status === 409 || reply.status === 422)) {
        const found = await arrived(context, plan, execution);
        if (found.kind === 'succeeded') return found;
      }
      return outcomeOf(reply, () => ({
        kind: 'succeeded',
        detail: `the API server took it: ${change.text}; whether the new pods become ready is for the verification`,
      }));
    },
    lookup: arrived,
  };
}

async function arrived(context: KubernetesContext, plan: Plan, execution: Execution): Promise<LookupOutcome> {
  const resolved = resolvedOf(plan);
  if (context.settings.operation === 'scale-out') {
    const scale = await read(context, `${deploymentPath(context)}/scale`);
    if (typeof scale === 'string') return { kind: 'unknown', detail: scale };
    const replicas = replicasOf(scale);
    if (replicas === numberAt(resolved, 'to_replicas'))
      return { kind: 'succeeded', detail: `it has ${replicas} replicas` };
    return replicas === numberAt(resolved, 'from_replicas')
      ? { kind: 'not-received', detail: `it still has ${replicas} replicas` }
      : { kind: 'unknown', detail: `it has ${replicas} replicas; somebody else scaled it` };
  }
  const deployment = await read(context, deploymentPath(context));
  if (typeof deployment === 'string') return { kind: 'unknown', detail: deployment };
  if (textAt(deployment, 'metadata', 'annotations', EXECUTION_ANNOTATION) === execution.id)
    return { kind: 'succeeded', detail: 'the deployment carries the id of this execution' };
  const seen = numberAt(resolved, 'from_revision') ?? numberAt(resolved, 'revision');
  return revisionOf(deployment) === seen
    ? {
        kind: 'not-received',
        detail: `the deployment is still at revision ${seen ?? '?'} without the id of this execution`,
      }
    : { kind: 'unknown', detail: 'the deployment was changed by somebody else since' };
}

async function changeFor(
  context: KubernetesContext,
  plan: Plan,
  execution: string | null,
  clock: Clock,
): Promise<Change> {
  const { settings } = context;
  const resolved = resolvedOf(plan);
  if (Object.keys(resolved).length === 0)
    return { kind: 'obstacle', reason: 'the plan was made while the API server could not be asked' };
  if (settings.operation === 'scale-out') return scaleChange(context, resolved);
  const deployment = await read(context, deploymentPath(context));
  if (typeof deployment === 'string') return { kind: 'obstacle', reason: deployment };
  if (execution !== null && textAt(deployment, 'metadata', 'annotations', EXECUTION_ANNOTATION) === execution)
    return { kind: 'done', detail: 'the deployment carries the id of this execution already' };
  const seen = numberAt(resolved, 'from_revision') ?? numberAt(resolved, 'revision');
  const revision = revisionOf(deployment);
  if (revision !== seen)
    return {
      kind: 'obstacle',
      reason: `${nameOf(context)} is at revision ${revision ?? '?'} now; the plan was made at ${seen ?? '?'}`,
    };
  if (at(deployment, 'spec', 'paused') === true)
    return { kind: 'obstacle', reason: `${nameOf(context)} is paused; resume it first` };
  const marks = { [EXECUTION_ANNOTATION]: execution ?? 'dry-run' };
  return settings.operation === 'restart'
    ? restartChange(context, deployment, marks, clock)
    : undoChange(context, deployment, resolved, marks);
}

function restartChange(context: KubernetesContext, deployment: Json, marks: JsonObject, clock: Clock): Change {
  return {
    kind: 'change',
    text: `restart the pods of ${nameOf(context)} one after another, as its strategy says`,
    method: 'PATCH',
    path: deploymentPath(context),
    contentType: 'application/strategic-merge-patch+json',
    body: {
      metadata: { resourceVersion: textAt(deployment, 'metadata', 'resourceVersion'), annotations: marks },
      spec: { template: { metadata: { annotations: { [RESTARTED_AT]: new Date(clock.now()).toISOString() } } } },
    },
  };
}

async function undoChange(
  context: KubernetesContext,
  deployment: Json,
  resolved: JsonObject,
  marks: JsonObject,
): Promise<Change> {
  const wanted = numberAt(resolved, 'to_revision');
  if (wanted === null || wanted === 0)
    return { kind: 'obstacle', reason: `${nameOf(context)} has no earlier revision` };
  const sets = await replicaSetsOf(context, deployment);
  if (typeof sets === 'string') return { kind: 'obstacle', reason: sets };
  const set = sets.find((one) => revisionOf(one) === wanted);
  const template = at(set, 'spec', 'template');
  if (!isObject(template)) return { kind: 'obstacle', reason: `revision ${wanted} of ${nameOf(context)} is gone` };
  const from = textsAt(resolved, 'from_images').join(', ');
  const to = imagesOf(set).join(', ');
  return {
    kind: 'change',
    text: `roll ${nameOf(context)} back from revision ${numberAt(resolved, 'from_revision') ?? '?'} (${from}) to revision ${wanted} (${to})`,
    method: 'PATCH',
    path: deploymentPath(context),
    contentType: 'application/json-patch+json',
    body: [
      { op: 'test', path: '/metadata/resourceVersion', value: textAt(deployment, 'metadata', 'resourceVersion') },
      { op: 'replace', path: '/spec/template', value: withoutHash(template) },
      ...Object.entries({ ...marks, [CHANGE_CAUSE]: `mlfi: back to revision ${wanted}` }).map(
        ([name, value]): Json => ({
          op: 'add',
          path: `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
          value,
        }),
      ),
    ],
  };
}

async function scaleChange(context: KubernetesContext, resolved: JsonObject): Promise<Change> {
  const from = numberAt(resolved, 'from_replicas') ?? 0;
  const to = numberAt(resolved, 'to_replicas') ?? 0;
  const path = `${deploymentPath(context)}/scale`;
  if (to <= from)
    return { kind: 'obstacle', reason: `${nameOf(context)} has ${from} replicas, the most that is allowed` };
  const scale = await read(context, path);
  if (typeof scale === 'string') return { kind: 'obstacle', reason: scale };
  const now = replicasOf(scale);
  if (now === to) return { kind: 'done', detail: `${nameOf(context)} has ${to} replicas already` };
  if (now !== from)
    return { kind: 'obstacle', reason: `${nameOf(context)} has ${now} replicas now; the plan was made at ${from}` };
  return {
    kind: 'change',
    text: `scale ${nameOf(context)} from ${from} to ${to} replicas`,
    method: 'PUT',
    path,
    contentType: 'application/json',
    body: {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: {
        name: context.settings.deployment,
        namespace: context.settings.namespace,
        resourceVersion: textAt(scale, 'metadata', 'resourceVersion'),
      },
      spec: { replicas: to },
    },
  };
}

/** An autoscaler undoes what others scale, and says so to nobody. */
async function autoscalerHint(context: KubernetesContext): Promise<string> {
  if (context.settings.operation !== 'scale-out') return '';
  const found = await read(
    context,
    `/apis/autoscaling/v2/namespaces/${encodeURIComponent(context.settings.namespace)}/horizontalpodautoscalers`,
  );
  const ours = listAt(typeof found === 'string' ? undefined : found, 'items').find(
    (scaler) =>
      textAt(scaler, 'spec', 'scaleTargetRef', 'kind') === 'Deployment' &&
      textAt(scaler, 'spec', 'scaleTargetRef', 'name') === context.settings.deployment,
  );
  return ours === undefined
    ? ''
    : `; but the autoscaler ${textAt(ours, 'metadata', 'name') ?? ''} may undo it: raise its minimum instead`;
}

/** The object at a path, or why it cannot be read. Changes nothing. */
async function read(context: KubernetesContext, path: string): Promise<Json | string> {
  const reply = await context.call('GET', path);
  return reply.kind === 'answer' && reply.status === 200 && isObject(reply.json)
    ? reply.json
    : `the API server cannot be asked about ${nameOf(context)}: ${unreadable(reply)}`;
}

/** ReplicaSets the deployment owns, lowest revision first. */
async function replicaSetsOf(context: KubernetesContext, deployment: Json): Promise<readonly Json[] | string> {
  const selector = encodeURIComponent(selectorText(at(deployment, 'spec', 'selector')));
  const list = await read(context, `${namespacePath(context)}/replicasets?labelSelector=${selector}`);
  if (typeof list === 'string') return list;
  const owner = textAt(deployment, 'metadata', 'uid');
  return listAt(list, 'items')
    .filter((set) =>
      listAt(set, 'metadata', 'ownerReferences').some(
        (one) => textAt(one, 'uid') === owner && at(one, 'controller') === true,
      ),
    )
    .toSorted((a, b) => (revisionOf(a) ?? 0) - (revisionOf(b) ?? 0));
}

/** A label selector the way a query writes it. */
function selectorText(selector: Json | undefined): string {
  const labels = at(selector, 'matchLabels');
  const equal = Object.keys(isObject(labels) ? labels : {}).map((key) => `${key}=${textAt(labels, key) ?? ''}`);
  const sets = listAt(selector, 'matchExpressions').map((one) => {
    const key = textAt(one, 'key') ?? '';
    const values = textsAt(one, 'values').join(',');
    const operator = textAt(one, 'operator');
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${values})`;
  });
  return [...equal, ...sets].join(',');
}

/** The template without the label the deployment controller adds for each ReplicaSet. */
function withoutHash(template: JsonObject): JsonObject {
  const { metadata } = template;
  if (!isObject(metadata) || !isObject(metadata['labels'])) return template;
  const labels = Object.fromEntries(Object.entries(metadata['labels']).filter(([name]) => name !== TEMPLATE_HASH));
  return { ...template, metadata: { ...metadata, labels } };
}

function revisionOf(object: Json | undefined): number | null {
  const text = textAt(object, 'metadata', 'annotations', REVISION);
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

const replicasOf = (scale: Json): number => numberAt(scale, 'spec', 'replicas') ?? 0;

const imagesOf = (object: Json | undefined): readonly string[] =>
  listAt(object, 'spec', 'template', 'spec', 'containers').map((container) => textAt(container, 'image') ?? '?');

const namespacePath = ({ settings }: KubernetesContext): string =>
  `/apis/apps/v1/namespaces/${encodeURIComponent(settings.namespace)}`;
const deploymentPath = (context: KubernetesContext): string =>
  `${namespacePath(context)}/deployments/${encodeURIComponent(context.settings.deployment)}`;
const nameOf = ({ settings }: KubernetesContext): string => `deployment ${settings.namespace}/${settings.deployment}`;
