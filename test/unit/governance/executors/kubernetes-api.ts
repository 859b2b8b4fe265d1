import { createHash } from 'node:crypto';
import { Loopback, type Reply, type Request } from './loopback.js';

interface Template {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}
interface Deployment {
  readonly metadata: { name: string; uid: string; resourceVersion: string; annotations: Record<string, string> };
  readonly spec: {
    paused?: boolean;
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: Template;
  };
}
interface ReplicaSet {
  readonly metadata: {
    name: string;
    annotations: Record<string, string>;
    labels: Record<string, string>;
    ownerReferences: readonly { uid: string; controller: boolean }[];
  };
  readonly spec: { readonly template: Template };
}

const REVISION = 'deployment.kubernetes.io/revision';
const BASE = '/apis/apps/v1/namespaces/ml';

const failure = (code: number, reason: string, message: string): Reply => ({
  status: code,
  body: { kind: 'Status', status: 'Failure', reason, message, code },
});

/**
 * The part of the Kubernetes API a Deployment needs, with its rules: optimistic concurrency by resourceVersion (409, and 422
 * for a JSON patch whose `test` fails), `?dryRun=All`, bearer tokens, and the deployment controller that keeps one ReplicaSet
 * per pod template and numbers revisions upwards, a template that returns included.
 */
export class KubernetesApi {
  deployment: Deployment;
  readonly replicaSets: ReplicaSet[] = [];
  writes = 0;
  autoscaled = false;

  private constructor(
    readonly token: string,
    images: readonly string[],
  ) {
    this.deployment = {
      metadata: { name: 'fraud', uid: 'uid-fraud', resourceVersion: '100', annotations: {} },
      spec: { replicas: 2, selector: { matchLabels: { app: 'fraud' } }, template: templateOf(images[0] ?? '') },
    };
    this.reconcile();
    for (const image of images.slice(1)) this.deploy(image);
    this.writes = 0;
  }

  static async start(
    token: string,
    images: readonly string[] = ['fraud:1', 'fraud:2', 'fraud:3'],
  ): Promise<{ readonly api: KubernetesApi; readonly server: Loopback }> {
    const api = new KubernetesApi(token, images);
    // Dry runs write nothing, so they are not what goes wrong in a test.
    const server = await Loopback.start(
      (request) => api.answer(request),
      ({ method }) => method !== 'GET',
    );
    return { api, server };
  }

  get image(): string {
    return this.deployment.spec.template.spec.containers[0]?.image ?? '';
  }

  get revision(): number {
    return Number(this.deployment.metadata.annotations[REVISION]);
  }

  /** What `kubectl set image` does. */
  deploy(image: string): void {
    this.write({ ...this.deployment, spec: { ...this.deployment.spec, template: templateOf(image) } });
  }

  scale(replicas: number): void {
    this.write({ ...this.deployment, spec: { ...this.deployment.spec, replicas } });
  }

  pause(): void {
    this.write({ ...this.deployment, spec: { ...this.deployment.spec, paused: true } });
  }

  /** A status update by a controller: nothing that matters changes, the resourceVersion does. */
  touch(): void {
    this.write(this.deployment);
  }

  private write(next: Deployment): void {
    this.writes += 1;
    const resourceVersion = String(Number(this.deployment.metadata.resourceVersion) + 1);
    this.deployment = { ...next, metadata: { ...next.metadata, resourceVersion } };
    this.reconcile();
  }

  private reconcile(): void {
    const { template } = this.deployment.spec;
    const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
    const newest = Math.max(0, ...this.replicaSets.map(({ metadata }) => Number(metadata.annotations[REVISION])));
    const same = this.replicaSets.find(({ metadata }) => metadata.labels['pod-template-hash'] === hash);
    const isNewest = same !== undefined && Number(same.metadata.annotations[REVISION]) === newest;
    const revision = isNewest ? newest : newest + 1;
    if (same === undefined) {
      const labels = { ...template.metadata.labels, 'pod-template-hash': hash };
      this.replicaSets.push({
        metadata: {
          name: `fraud-${hash}`,
          annotations: { [REVISION]: String(revision) },
          labels,
          ownerReferences: [{ uid: this.deployment.metadata.uid, controller: true }],
        },
        spec: { template: { ...template, metadata: { ...template.metadata, labels } } },
      });
    } else same.metadata.annotations[REVISION] = String(revision);
    this.deployment.metadata.annotations[REVISION] = String(revision);
  }

  /** What the API server answers to a request, after doing what it asks. */
  answer(request: Request): Reply {
    if (request.headers.authorization !== `Bearer ${this.token}`) return failure(401, 'Unauthorized', 'Unauthorized');
    const url = new URL(request.url, 'http://k');
    const dry = url.searchParams.get('dryRun') === 'All';
    const accept = (next: Deployment): Reply => {
      if (!dry) this.write(next);
      return { status: 200, body: dry ? next : this.deployment };
    };
    switch (`${request.method} ${url.pathname}`) {
      case `GET ${BASE}/deployments/fraud`:
        return { status: 200, body: this.deployment };
      case `PATCH ${BASE}/deployments/fraud`:
        return this.patched(request, accept);
      case `GET ${BASE}/deployments/fraud/scale`:
        return { status: 200, body: this.scaleObject() };
      case `PUT ${BASE}/deployments/fraud/scale`: {
        const asked = JSON.parse(request.body) as ReturnType<KubernetesApi['scaleObject']>;
        if (asked.metadata.resourceVersion !== this.deployment.metadata.resourceVersion) return conflict();
        return accept({ ...this.deployment, spec: { ...this.deployment.spec, replicas: asked.spec.replicas } });
      }
      case `GET ${BASE}/replicasets`: {
        if (url.searchParams.get('labelSelector') !== 'app=fraud') return { status: 200, body: { items: [] } };
        const stranger = { metadata: { annotations: { [REVISION]: '1' }, ownerReferences: [{ uid: 'other' }] } };
        return { status: 200, body: { items: [stranger, ...this.replicaSets] } };
      }
      case 'GET /apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers':
        return {
          status: 200,
          body: {
            items: this.autoscaled
              ? [{ metadata: { name: 'fraud-hpa' }, spec: { scaleTargetRef: { kind: 'Deployment', name: 'fraud' } } }]
              : [],
          },
        };
      default:
        return failure(404, 'NotFound', `deployments.apps "${url.pathname}" not found`);
    }
  }

  private scaleObject() {
    const { name, resourceVersion } = this.deployment.metadata;
    return {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name, namespace: 'ml', resourceVersion },
      spec: { replicas: this.deployment.spec.replicas },
    };
  }

  private patched({ headers, body }: Request, accept: (next: Deployment) => Reply): Reply {
    const next = structuredClone(this.deployment);
    if (headers['content-type'] === 'application/json-patch+json') {
      for (const step of JSON.parse(body) as { op: string; path: string; value: unknown }[]) {
        const keys = step.path
          .split('/')
          .slice(1)
          .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
        const parent = keys
          .slice(0, -1)
          .reduce<Record<string, unknown>>(
            (object, key) => object[key] as Record<string, unknown>,
            next as unknown as Record<string, unknown>,
          );
        const last = keys.at(-1) ?? '';
        if (step.op === 'test' && JSON.stringify(parent[last]) !== JSON.stringify(step.value))
          return failure(422, 'Invalid', `Testing value ${step.path} failed`);
        if (step.op === 'replace' && !(last in parent)) return failure(422, 'Invalid', `${step.path} is missing`);
        if (step.op !== 'test') parent[last] = step.value;
      }
      return accept(next);
    }
    if (headers['content-type'] !== 'application/strategic-merge-patch+json')
      return failure(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
    const patch = JSON.parse(body) as { metadata: { resourceVersion?: string } };
    if ((patch.metadata.resourceVersion ?? next.metadata.resourceVersion) !== next.metadata.resourceVersion)
      return conflict();
    merge(next as unknown as Record<string, unknown>, patch);
    return accept(next);
  }
}

const conflict = (): Reply =>
  failure(409, 'Conflict', 'Operation cannot be fulfilled on deployments.apps "fraud": the object has been modified');

function merge(into: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(patch)) {
    const old = into[key];
    if (typeof value === 'object' && value !== null && typeof old === 'object' && old !== null)
      merge(old as Record<string, unknown>, value as Record<string, unknown>);
    else into[key] = value;
  }
}

const templateOf = (image: string): Template => ({
  metadata: { labels: { app: 'fraud', [`build-${image.replaceAll(':', '-')}`]: 'yes' } },
  spec: { containers: [{ name: 'model', image }] },
});
