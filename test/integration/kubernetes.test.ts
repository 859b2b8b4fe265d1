import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { SECRETS } from '../../provisioning/stack/secrets.mjs';
import { ROOT } from '../provisioning/expressions.js';
import { eventually } from './running-service.js';

const run = promisify(execFile);
const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  failureThreshold: z.number().default(3),
});
const container = z.object({
  args: z.array(z.string()),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) })),
});
const configMap = z.object({ data: z.record(z.string(), z.string()) });
const statefulSet = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.object({ runAsUser: z.number(), runAsGroup: z.number(), fsGroup: z.number() }),
        containers: z.tuple([container]),
      }),
    }),
  }),
});
const [first, , third] = parseAllDocuments(readFileSync(join(ROOT, 'provisioning/kubernetes/mlfi.yaml'), 'utf8')).map(
  (document) => document.toJS() as unknown,
);
const files = configMap.parse(first).data;
const pod = statefulSet.parse(third).spec.template.spec;
const [mlfi] = pod.containers;
const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;

/** What `RUN`, `ENV`, `WORKDIR` and `ENTRYPOINT` of the last stage make of the image. */
const image =
  readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .at(-1) ?? '';
const entrypoint = z.array(z.string()).parse(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(image)?.[1] ?? 'null'));
const directories = [...image.matchAll(/^WORKDIR (.*)$/gm)].map(([, path]) => path ?? '');
/** A cluster tells every pod of the Services in its namespace, mlfi's own among them: names that begin as mlfi's keys do. */
const ENVIRONMENT = {
  NODE_ENV: 'production',
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  MLFI_SERVICE_HOST: '10.96.12.34',
  MLFI_SERVICE_PORT: '9899',
  MLFI_SERVICE_PORT_HTTP: '9899',
  MLFI_PORT: 'tcp://10.96.12.34:9899',
  MLFI_PORT_9899_TCP: 'tcp://10.96.12.34:9899',
};
const MODEL_HOST = 'fraud-detector.models.svc.cluster.local';
const MODEL = `require('node:http').createServer((request, response) => { request.resume(); response.setHeader('content-type', 'application/json'); response.end(JSON.stringify({ prediction: 'ok', confidence: 0.9 })); }).listen(8080)`;
const isolated = ['--mount', '--net', '--pid', '--fork', '--kill-child=SIGKILL', '--propagation', 'private'];
const canIsolate =
  process.getuid?.() === 0 && spawnSync('unshare', [...isolated, 'sh', '-c', 'ip link set lo up']).status === 0;

/**
 * As a kubelet would set it up: the image's root read-only with the application in /app, the volumes where they are mounted,
 * a network of its own in which only the model is found.
 */
function setUp(folder: string): string {
  const volume = (name: string): string => join(folder, 'volumes', name);
  for (const name of ['upper', 'work', 'root', ...mlfi.volumeMounts.map((mount) => join('volumes', mount.name))])
    mkdirSync(join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(volume('configuration'), name), text);
  for (const [name, make] of Object.entries(SECRETS)) {
    const file = join(volume('secrets'), name);
    writeFileSync(file, make());
    chownSync(file, 0, fsGroup);
    chmodSync(file, 0o440);
  }
  for (const name of ['data', 'tmp']) {
    chownSync(volume(name), 0, fsGroup);
    chmodSync(volume(name), 0o2775);
  }
  const root = join(folder, 'root');
  const script = [
    `mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work ${root}`,
    ...mlfi.volumeMounts.map(({ mountPath }) => `mkdir -p ${root}${mountPath}`),
    `mkdir -p ${root}/app ${root}/usr/local/bin`,
    `touch ${root}/usr/local/bin/node`,
    `echo '127.0.0.1 localhost ${MODEL_HOST}' > ${root}/etc/hosts`,
    `mount -o remount,ro overlay ${root}`,
    `mount --bind ${process.execPath} ${root}/usr/local/bin/node`,
    `mount --bind ${ROOT} ${root}/app`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    ...mlfi.volumeMounts.flatMap(({ name, mountPath, readOnly }) => [
      `mount --bind ${volume(name)} ${root}${mountPath}`,
      ...(readOnly ? [`mount -o remount,bind,ro ${root}${mountPath}`] : []),
    ]),
    'ip link set lo up',
    `chroot ${root} /usr/local/bin/node -e "${MODEL.replaceAll('"', '\\"')}" &`,
    `exec chroot ${root} setpriv --reuid ${runAsUser} --regid ${runAsGroup} --groups ${fsGroup} --no-new-privs \
      --bounding-set=-all --inh-caps=-all -- sh -c 'cd ${directories.at(-1) ?? '/'} && exec "$@"' - "$@"`,
  ];
  const file = join(folder, 'set-up.sh');
  writeFileSync(file, script.join('\n'));
  return file;
}

describe.skipIf(!canIsolate)('the Kubernetes manifests, run as a process', () => {
  let folder: string;
  let child: ChildProcess;
  let said = '';
  let exited: Promise<number | null>;
  const secret = (name: string): string => readFileSync(join(folder, 'volumes/secrets', name), 'utf8');
  const port = (name: string): number => mlfi.ports.find((each) => each.name === name)?.containerPort ?? 0;

  /** Asks from inside of the pod's network. */
  async function ask(path: string, key?: string): Promise<{ status: number; text: string }> {
    const url = `http://127.0.0.1:${port('http')}${path}`;
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const program = `fetch(${JSON.stringify(url)}, { headers: ${JSON.stringify(headers)} }).then(async (r) => console.log(JSON.stringify({ status: r.status, text: await r.text() })))`;
    const pid = await inside();
    const { stdout } = await run('nsenter', ['--net', '--target', pid, process.execPath, '-e', program]);
    return z.object({ status: z.number(), text: z.string() }).parse(JSON.parse(stdout));
  }

  /** The process that `unshare` forked. */
  async function inside(): Promise<string> {
    const { stdout } = await run('ps', ['--ppid', String(child.pid), '-o', 'pid=']);
    return stdout.trim().split(/\s+/)[0] ?? '';
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-pod-'));
    chmodSync(folder, 0o755);
    const [program = '', ...entry] = entrypoint;
    child = spawn(
      'unshare',
      [...isolated, 'sh', '-e', setUp(folder), `/usr/local/bin/${program}`, ...entry, ...mlfi.args],
      { env: { PATH: process.env['PATH'], ...ENVIRONMENT }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    exited = new Promise((resolve) => child.once('exit', resolve));
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });

  it('is ready within the startup probe, alive, and says so at the paths that are asked', async () => {
    const { startupProbe, readinessProbe, livenessProbe } = mlfi;
    await eventually(
      'the startup probe',
      startupProbe.periodSeconds * startupProbe.failureThreshold * 1_000,
      async () => {
        if (child.exitCode !== null) throw new Error(said);
        const answer = await ask(startupProbe.httpGet.path).catch(() => null);
        return answer?.status === 200 ? true : null;
      },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)} ${said}`);
    });
    for (const { httpGet } of [readinessProbe, livenessProbe]) expect((await ask(httpGet.path)).status).toBe(200);
    expect(said).not.toMatch(/EACCES|EROFS|did you mean/);
  });

  it('runs as the user of the manifest, without capabilities and on a root it cannot write', async () => {
    const { stdout } = await run('sh', [
      '-c',
      `pgrep -P $(pgrep -P ${child.pid ?? 0} | head -1) ; pgrep -P ${child.pid ?? 0}`,
    ]);
    const pids = stdout.trim().split('\n');
    const statuses = pids.map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
    const status = statuses.find((text) => text.includes(`Uid:\t${runAsUser}`)) ?? '';
    expect(status).toMatch(/CapEff:\s0+\n/);
    expect(status).toMatch(/CapBnd:\s0+\n/);
    expect(status).toMatch(/NoNewPrivs:\s1/);
  });

  it('takes the keys of the Secret, keeps its data in the volume, and reaches the model that the list of hosts allows', async () => {
    expect((await ask('/api/v1/models')).status).toBe(401);
    const model = await eventually('an answer of the model', 90_000, async () => {
      const { status, text } = await ask('/api/v1/models/fraud-detector', secret('mlfi-read-key'));
      expect(status).toBe(200);
      const shown = z.object({ total_samples: z.number(), error_share: z.number() }).parse(JSON.parse(text));
      return shown.total_samples > 0 ? shown : null;
    });
    expect(model.error_share).toBe(0);
    expect((await ask('/metrics', secret('mlfi-read-key'))).status).toBe(200);
    expect((await ask('/metrics', secret('mlfi-ingest-key'))).status).toBe(403);
    expect(spawnSync('ls', [join(folder, 'volumes/data')], { encoding: 'utf8' }).stdout).toContain('mlfi.sqlite');
  });

  it('ends in order within the grace period', async () => {
    const pid = await inside();
    const beganMs = Date.now();
    process.kill(Number(pid), 'SIGTERM');
    await exited;
    expect(Date.now() - beganMs).toBeLessThan(pod.terminationGracePeriodSeconds * 1_000);
    expect(said).toContain('stopp');
  });
});
