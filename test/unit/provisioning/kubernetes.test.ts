import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { hostMatcher } from '../../../exporter/src/http/egress.js';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';
import { SECRETS } from '../../../provisioning/stack/secrets.mjs';
import { ROOT } from '../../provisioning/expressions.js';

/** The part of the Kubernetes API the manifests use, strictly: a field of another name or shape is an error, as on a cluster. */
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9-]+$/), labels });
const selector = z.strictObject({ matchLabels: labels });
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.string() }),
  periodSeconds: z.number().int(),
  failureThreshold: z.number().int().optional(),
});
const quantity = z.string().regex(/^\d+(m|Mi|Gi)?$/);
const configMap = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata,
  data: z.record(z.string(), z.string()),
});
const service = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({
    selector: labels,
    ports: z.array(z.strictObject({ name: z.string(), port: z.number().int(), targetPort: z.string() })),
  }),
});
const statefulSet = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('StatefulSet'),
  metadata,
  spec: z.strictObject({
    serviceName: z.string(),
    replicas: z.literal(1),
    selector,
    template: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.strictObject({
        automountServiceAccountToken: z.literal(false),
        terminationGracePeriodSeconds: z.number().int(),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.number().int().positive(),
          runAsGroup: z.number().int().positive(),
          fsGroup: z.number().int().positive(),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        containers: z
          .array(
            z.strictObject({
              name: z.string(),
              image: z.string().regex(/^[^:]+:\d+\.\d+\.\d+$/),
              args: z.array(z.string()),
              ports: z.array(z.strictObject({ name: z.string(), containerPort: z.number().int() })),
              startupProbe: probe,
              readinessProbe: probe,
              livenessProbe: probe,
              resources: z.strictObject({
                requests: z.strictObject({ cpu: quantity, memory: quantity }),
                limits: z.strictObject({ memory: quantity }),
              }),
              securityContext: z.strictObject({
                allowPrivilegeEscalation: z.literal(false),
                readOnlyRootFilesystem: z.literal(true),
                capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
              }),
              volumeMounts: z.array(
                z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
              ),
            }),
          )
          .length(1),
        volumes: z.array(
          z.union([
            z.strictObject({ name: z.string(), emptyDir: z.strictObject({ sizeLimit: quantity }) }),
            z.strictObject({ name: z.string(), configMap: z.strictObject({ name: z.string() }) }),
            z.strictObject({
              name: z.string(),
              secret: z.strictObject({ secretName: z.string(), defaultMode: z.number().int() }),
            }),
          ]),
        ),
      }),
    }),
    volumeClaimTemplates: z.array(
      z.strictObject({
        metadata: z.strictObject({ name: z.string() }),
        spec: z.strictObject({
          accessModes: z.tuple([z.literal('ReadWriteOnce')]),
          resources: z.strictObject({ requests: z.strictObject({ storage: quantity }) }),
        }),
      }),
    ),
  }),
});
const networkPolicy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata,
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(
      z.strictObject({
        from: z.array(z.strictObject({ namespaceSelector: selector })),
        ports: z.array(z.strictObject({ port: z.string() })),
      }),
    ),
    egress: z.array(
      z.strictObject({
        to: z.array(z.strictObject({ namespaceSelector: selector, podSelector: selector.optional() })).min(1),
        ports: z.array(z.strictObject({ port: z.number().int(), protocol: z.enum(['TCP', 'UDP']) })).min(1),
      }),
    ),
  }),
});
const credentials = z.strictObject({ credentials: z.strictObject({ name: z.string(), key: z.string() }) });
const serviceMonitor = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1'),
  kind: z.literal('ServiceMonitor'),
  metadata,
  spec: z.strictObject({
    jobLabel: z.string(),
    selector,
    endpoints: z.array(
      z.strictObject({
        port: z.string(),
        path: z.string(),
        relabelings: z.array(z.strictObject({ targetLabel: z.string(), replacement: z.string() })).optional(),
        authorization: credentials,
      }),
    ),
  }),
});

const prometheusJobs = z.object({
  scrape_configs: z.array(
    z.object({
      job_name: z.string(),
      metrics_path: z.string().default('/metrics'),
      static_configs: z.array(z.unknown()).optional(),
    }),
  ),
});

const maintenance = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata,
  spec: z.looseObject({
    restartPolicy: z.string(),
    volumes: z.array(z.unknown()),
    containers: z.tuple([z.looseObject({ command: z.array(z.string()) })]),
  }),
});
const without = (object: object, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const documentsOf = (file: string): readonly unknown[] =>
  parseAllDocuments(readFileSync(join(ROOT, 'provisioning/kubernetes', file), 'utf8'), { version: '1.1' }).map(
    (document) => document.toJS() as unknown,
  );
const [first, second, third, fourth, ...others] = documentsOf('mlfi.yaml');
const config = configMap.parse(first);
const mlfi = service.parse(second);
const set = statefulSet.parse(third);
const policy = networkPolicy.parse(fourth);
const monitor = serviceMonitor.parse(documentsOf('service-monitor.yaml')[0]);
const pod = set.spec.template.spec;
const [container] = pod.containers;

describe('the Kubernetes example', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-kubernetes-'));
    for (const [name, make] of Object.entries(SECRETS)) writeFileSync(join(folder, name), make());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('consists of four objects that select each other', () => {
    expect(others).toEqual([]);
    const podLabels = set.spec.template.metadata.labels;
    for (const chosen of [mlfi.spec.selector, set.spec.selector.matchLabels, policy.spec.podSelector.matchLabels])
      expect(podLabels).toMatchObject(chosen);
    expect(mlfi.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(set.spec.serviceName).toBe(mlfi.metadata.name);
  });

  it('scrapes under the names of jobs that rules and runbooks know, one per path', () => {
    const { jobLabel, endpoints } = monitor.spec;
    const jobs = endpoints.map(({ path, relabelings = [] }) => [
      path,
      relabelings.find(({ targetLabel }) => targetLabel === 'job')?.replacement ?? mlfi.metadata.labels[jobLabel],
    ]);
    const { scrape_configs: written } = prometheusJobs.parse(
      parse(readFileSync(join(ROOT, 'provisioning/prometheus/prometheus.yml'), 'utf8')),
    );
    // Probes have addresses of their own.
    const scraped = written.filter((job) => job.static_configs !== undefined);
    expect(jobs).toEqual(scraped.map((job) => [job.metrics_path, job.job_name]));
    const runbooks = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8');
    for (const [, job] of runbooks.matchAll(/job="([^"]+)"/g)) expect(jobs.map(([, name]) => name)).toContain(job);
  });

  it('mounts what it declares, and declares what it mounts', () => {
    const declared = [
      ...pod.volumes.map(({ name }) => name),
      ...set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name),
    ];
    expect(container?.volumeMounts.map(({ name }) => name).sort()).toEqual(declared.sort());
    for (const volume of pod.volumes)
      if ('configMap' in volume) expect(volume.configMap.name).toBe(config.metadata.name);
    // 0440, which YAML 1.1 reads as octal and JSON writes as 288: readable for the group the pod runs as.
    expect(pod.volumes.flatMap((volume) => ('secret' in volume ? [volume.secret.defaultMode] : []))).toEqual([0o440]);
  });

  it('asks for health at routes that need no key, on ports that have a name', () => {
    const open = ROUTES.filter(({ scope }) => scope === null).map(({ path }) => path);
    const ports = container?.ports.map(({ name }) => name) ?? [];
    for (const check of [container?.startupProbe, container?.readinessProbe, container?.livenessProbe]) {
      expect(open).toContain(check?.httpGet.path);
      expect(ports).toContain(check?.httpGet.port);
    }
    for (const { targetPort } of mlfi.spec.ports) expect(ports).toContain(targetPort);
    const servicePorts = mlfi.spec.ports.map(({ name }) => name);
    for (const { port, path } of monitor.spec.endpoints) {
      expect(servicePorts).toContain(port);
      expect(ROUTES.map((route) => route.path)).toContain(path);
    }
  });

  it('gives mlfi a configuration that loads: port, data folder and secrets where the pod has them', () => {
    const named = [...(config.data['mlfi.yml'] ?? '').matchAll(/\/run\/secrets\/mlfi\/([a-z-]+)/g)].map(
      ([, key]) => key,
    );
    for (const key of named) expect(Object.keys(SECRETS)).toContain(key);
    const text = (config.data['mlfi.yml'] ?? '').replaceAll('/run/secrets/mlfi', folder);
    const loaded = parseConfig('mlfi.yml', text, {}, '/');
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
    if (loaded.kind !== 'ok') return;
    expect(loaded.config.listen).toEqual({ address: '0.0.0.0', port: container?.ports[0]?.containerPort });
    const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
    expect(mounts).toEqual(expect.arrayContaining(['/data', '/run/secrets/mlfi', '/etc/mlfi']));
    expect(loaded.config.dataDirectory).toBe('/data');
    expect(container?.args).toEqual(['serve', '--config', '/etc/mlfi/mlfi.yml']);
  });

  it('may call what its configuration names: by the list of hosts, and by the network policy', () => {
    const text = (config.data['mlfi.yml'] ?? '').replaceAll('/run/secrets/mlfi', folder);
    const loaded = parseConfig('mlfi.yml', text, {}, '/');
    if (loaded.kind !== 'ok') throw new Error('the configuration does not load');
    const { egress, models, annotations, changes } = loaded.config;
    const called = [...models.map(({ url }) => url), annotations.grafanaUrl, changes.prometheusUrl].flatMap(
      (url) => url ?? [],
    );
    expect(called.length).toBeGreaterThanOrEqual(3);
    const isListed = hostMatcher(egress.allowHosts);
    const reachable = (namespace: string | undefined, port: number): boolean =>
      policy.spec.egress.some(
        ({ to, ports }) =>
          to.some(
            ({ namespaceSelector }) => namespaceSelector.matchLabels['kubernetes.io/metadata.name'] === namespace,
          ) && ports.some((allowed) => allowed.port === port && allowed.protocol === 'TCP'),
      );
    for (const url of called) {
      const { hostname, port } = new URL(url);
      const [, namespace] = hostname.split('.');
      expect([url, isListed(hostname), reachable(namespace, Number(port))]).toEqual([url, true, true]);
    }
    expect(reachable('default', 8080)).toBe(false);
    const dns = policy.spec.egress.find(({ ports }) => ports.some(({ port }) => port === 53));
    expect(dns?.ports.map(({ protocol }) => protocol).sort()).toEqual(['TCP', 'UDP']);
  });

  it('has a pod for repairs that runs as mlfi does, on the same volume, and gets no requests', () => {
    const [document, ...more] = documentsOf('maintenance.yaml');
    expect(more).toEqual([]);
    const { metadata, spec } = maintenance.parse(document);
    const { restartPolicy, volumes, containers, ...besides } = spec;
    expect(restartPolicy).toBe('Never');
    expect(besides).toEqual({ ...without(pod, 'containers', 'volumes'), terminationGracePeriodSeconds: 1 });
    const { command, ...runs } = containers[0];
    expect(command).toEqual(['sleep', 'infinity']);
    expect(container).toMatchObject(runs);
    const [claim] = set.spec.volumeClaimTemplates;
    const data = {
      name: 'data',
      persistentVolumeClaim: { claimName: `${claim?.metadata.name ?? ''}-${set.metadata.name}-0` },
    };
    expect(volumes).toEqual([...pod.volumes, data]);
    expect(metadata.labels).not.toMatchObject(mlfi.spec.selector);
  });

  it('has time to answer and commit before it is killed', () => {
    // cli/serve.ts gives up after 25 s.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25);
  });

  it('makes its Secret in the guide with the keys it uses', () => {
    const guide = readFileSync(join(ROOT, 'docs/add-to-existing.md'), 'utf8');
    const made = [...guide.matchAll(/--from-file=\S+\/([a-z-]+)/g)].map(([, key]) => key);
    const used = [...(config.data['mlfi.yml'] ?? '').matchAll(/\/run\/secrets\/mlfi\/([a-z-]+)/g)].map(
      ([, key]) => key,
    );
    expect(made.sort()).toEqual([...new Set(used)].sort());
    for (const { authorization } of monitor.spec.endpoints) expect(made).toContain(authorization.credentials.key);
  });
});
