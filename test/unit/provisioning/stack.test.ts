import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STOP_MS } from '../../../exporter/src/cli/serve.js';
import { overridableKeys, variableOf } from '../../../exporter/src/config/environment.js';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { readApiKey } from '../../../exporter/src/http/identity/api-keys.js';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';
import { mountsOf, readCompose, type ComposeService } from '../../provisioning/compose.js';
import { ROOT } from '../../provisioning/expressions.js';
import { annotationToken } from '../../../provisioning/stack/annotation-token.mjs';
import { makeSecrets, NO_TOKEN_YET, SECRETS } from '../../../provisioning/stack/secrets.mjs';

const compose = readCompose();
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }));

/** Ports the images listen on, by what we tell them or, for images of others, as they document it. */
const PORTS: Readonly<Record<string, number>> = {
  'sample-models': 9900,
  mlfi: 9899,
  prometheus: 9090,
  alertmanager: 9093,
  grafana: 3000,
};
/** Health addresses of images of others, as they document them. */
const HEALTH: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['/-/ready', '/-/healthy'],
  alertmanager: ['/-/ready', '/-/healthy'],
  grafana: ['/api/health'],
};
/** What `[section] key` of Grafana's conf/defaults.ini the environment sets; `__FILE` reads the value from a file. */
const GRAFANA_KEYS = [
  'GF_SERVER_ROOT_URL',
  'GF_SECURITY_ADMIN_PASSWORD',
  'GF_SECURITY_SECRET_KEY',
  'GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS',
  'GF_PLUGINS_PREINSTALL_DISABLED',
  'GF_ANALYTICS_REPORTING_ENABLED',
  'GF_ANALYTICS_CHECK_FOR_UPDATES',
  'GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES',
  'GF_NEWS_NEWS_FEED_ENABLED',
];
/** Mounted folders that a build makes. */
const BUILT: Readonly<Record<string, string>> = { 'grafana-plugin/dist': 'npm run build -w grafana-plugin' };

/** Text of every file a service has mounted, of its command and environment. */
function readable(service: ComposeService): string {
  const files = mountsOf(service).flatMap(({ source }) => {
    if (source === null || source in BUILT) return [];
    const path = join(ROOT, source);
    if (statSync(path).isFile()) return [path];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  });
  return [
    ...files.map((file) => readFileSync(file, 'utf8')),
    ...(service.command ?? []),
    ...(service.entrypoint ?? []),
    ...Object.values(service.environment ?? {}),
  ]
    .join('\n')
    .replaceAll(/^\s*#.*$/gm, '');
}

describe.each(services)('service $name of docker-compose.yml', ({ name, service }) => {
  it('has a pinned image, or is built from the Dockerfile', () => {
    if (service.build !== undefined) {
      const { context, target } =
        typeof service.build === 'string' ? { context: service.build, target: null } : service.build;
      const dockerfile = readFileSync(join(ROOT, context, 'Dockerfile'), 'utf8');
      if (target !== null) expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${target}$`, 'm'));
    } else expect(service.image).toMatch(/^[a-z/-]+:v?\d+\.\d+\.\d+$/);
  });

  it('mounts only what is in the repository or what a build makes, and volumes that are declared', () => {
    for (const { source, volume, target } of mountsOf(service)) {
      expect(target).toMatch(/^\//);
      if (volume !== null) expect(Object.keys(compose.volumes)).toContain(volume);
      else if (source !== null && !(source in BUILT)) expect(existsSync(join(ROOT, source)), source).toBe(true);
    }
  });

  it('gets every secret that its files name, and no other', () => {
    const named = new Set([...readable(service).matchAll(/\/run\/secrets\/([a-z0-9-]+)/g)].map(([, found]) => found));
    // Rules and configurations that are mounted with a folder but not loaded name secrets of their own.
    const own = name === 'prometheus' ? new Set(['mlfi-read-key']) : named;
    expect([...own].sort()).toEqual([...(service.secrets ?? [])].sort());
    for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
  });

  it('publishes the port it listens on, on this machine only', () => {
    for (const mapping of service.ports ?? []) {
      const [address, , inside] = mapping.split(':');
      expect(address).toBe('127.0.0.1');
      expect(Number(inside)).toBe(PORTS[name]);
    }
  });

  it('is asked for its health where it answers', () => {
    const [, url = ''] = /(http:\/\/127\.0\.0\.1:\d+[^'" ]*)/.exec(service.healthcheck.test.join(' ')) ?? [];
    expect(Number(new URL(url).port)).toBe(PORTS[name]);
    const { pathname } = new URL(url);
    if (name === 'mlfi')
      expect(ROUTES.filter(({ scope }) => scope === null).map(({ path }) => path)).toContain(pathname);
    else if (name === 'sample-models') expect(pathname).toBe('/');
    else expect(HEALTH[name]).toContain(pathname);
  });

  it('has longer to stop than mlfi takes for it', () => {
    expect(Number(/^(\d+)s$/.exec(service.stop_grace_period)?.[1]) * 1_000).toBeGreaterThan(STOP_MS);
  });

  it('waits only for services that have a health check', () => {
    for (const needed of Object.keys(service.depends_on ?? {}))
      expect(compose.services[needed]?.healthcheck).toBeDefined();
  });

  it('sets only environment keys that exist', () => {
    const ours = overridableKeys().map(({ path }) => variableOf(path));
    for (const key of Object.keys(service.environment ?? {})) {
      if (key.startsWith('MLFI_')) expect(ours).toContain(key);
      else if (key.startsWith('GF_')) expect(GRAFANA_KEYS).toContain(key.replace(/__FILE$/, ''));
      else expect(key).toBe('NO_PROXY');
    }
  });

  it('is told only of services and ports that exist', () => {
    const told = readable(service).matchAll(/\b(?:https?:\/\/)?([a-z][a-z-]*):(\d{4,5})\b/g);
    for (const [text, host = '', port] of told)
      if (host in PORTS || text.startsWith('http')) {
        if (host === 'localhost') continue;
        expect(PORTS[host], text).toBe(Number(port));
      }
  });
});

describe('what the stack starts with', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'mlfi-secrets-')), 'secrets');
  });
  afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  it('makes exactly the secrets Compose mounts, closed to others, and none a second time', () => {
    expect(Object.keys(SECRETS).sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
    expect(makeSecrets(folder).sort()).toEqual(Object.keys(compose.secrets).sort());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const before = readFileSync(join(folder, 'mlfi-read-key'), 'utf8');
    expect(makeSecrets(folder)).toEqual([]);
    expect(readFileSync(join(folder, 'mlfi-read-key'), 'utf8')).toBe(before);
  });

  it('makes API keys that mlfi takes', () => {
    for (let n = 0; n < 50; n += 1)
      for (const name of ['mlfi-read-key', 'mlfi-ingest-key'] as const)
        expect(readApiKey(SECRETS[name]())).not.toBeNull();
  });

  it('gives mlfi a configuration that loads, with models it may call', () => {
    makeSecrets(folder);
    const text = readFileSync(join(ROOT, 'provisioning/stack/mlfi.yml'), 'utf8').replaceAll('/run/secrets', folder);
    const loaded = parseConfig('mlfi.yml', text, { MLFI_LOGGING_LEVEL: 'info' }, '/');
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
    if (loaded.kind !== 'ok') return;
    const { config } = loaded;
    expect(config.listen).toEqual({ address: '0.0.0.0', port: PORTS.mlfi });
    const { grafanaUrl } = config.annotations;
    const keysUrl = config.identity.grafana?.keysUrl;
    const called = [...config.models.map(({ url }) => url ?? ''), grafanaUrl ?? '', keysUrl ?? ''];
    for (const url of called) expect(config.egress.allowHosts).toContain(new URL(url).hostname);
    expect(config.dataDirectory).toBe('/data');
    expect(mountsOf(compose.services.mlfi as ComposeService).map(({ target }) => target)).toContain('/data');
  });

  it('lets Grafana load the plugin and its panels', () => {
    const ids = compose.services.grafana?.environment?.GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS?.split(',');
    expect(ids).toEqual(['mlfi-investigator-app', 'mlfi-approval-panel', 'mlfi-root-cause-panel']);
    const app = readFileSync(join(ROOT, 'grafana-plugin/src/plugin.json'), 'utf8');
    expect(app).toContain('"id": "mlfi-investigator-app"');
  });

  it('ships no compiler, runs as nobody special, and asks for its health where it answers', () => {
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    const stages = dockerfile.split(/^FROM /m).slice(1);
    const shipped = stages.at(-1) ?? '';
    expect(stages.length).toBeGreaterThan(1);
    // Every stage has one base, named by its digest.
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+-bookworm-slim@sha256:[0-9a-f]{64}$/m);
    for (const stage of stages) expect(stage).toMatch(/^(\$\{NODE_IMAGE\}|build)( AS [a-z-]+)?\n/);
    expect(shipped).toMatch(/^\$\{NODE_IMAGE\}\n/);
    // What it consists of is listed in it; `npm run sbom` writes the same list.
    expect(stages.find((stage) => / AS service$/m.test(stage))).toContain(
      'node exporter/parts-list.mjs > sbom.cdx.json',
    );
    expect(shipped).not.toMatch(/apt-get|npm (ci|install|run)|g\+\+|make\b|python/);
    const users = [...shipped.matchAll(/^USER (.+)$/gm)].map(([, user]) => user);
    expect(users).toEqual(['node']);
    // The service starts from what is left of the sources: none of the demo, and dependencies of production only.
    expect(shipped).toContain('COPY --from=service /app /app');
    expect(stages.find((stage) => / AS service$/m.test(stage))).toMatch(
      /npm prune --omit=dev[^]*rm -rf exporter\/src exporter\/demo exporter\/dist\/demo/,
    );
    expect(shipped.indexOf('USER node')).toBeLessThan(shipped.indexOf('ENTRYPOINT'));
    const [, check = '[]'] = /^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$/m.exec(shipped) ?? [];
    const [program, flag, script = ''] = JSON.parse(check) as string[];
    expect([program, flag]).toEqual(['node', '-e']);
    expect(overridableKeys().map(({ path }) => variableOf(path))).toContain('MLFI_LISTEN_PORT');
    const [, path = ''] = /\}(\/[^`]+)`/.exec(script) ?? [];
    expect(ROUTES.filter(({ scope }) => scope === null).map((route) => route.path)).toContain(path);
  });

  it('has mlfi as a command, and a file that it reads where none is named or mounted: with its data where Compose has it', () => {
    const shipped =
      readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
        .split(/^FROM /m)
        .at(-1) ?? '';
    const [, main = ''] = /chmod 755 (\S+)/.exec(shipped) ?? [];
    expect(shipped).toContain(`ln -s ${main} /usr/local/bin/mlfi`);
    expect(/^ENTRYPOINT (.*)$/m.exec(shipped)?.[1]).toBe(`["node", "${main}"]`);
    const [, file = '', at = ''] = /^COPY (provisioning\S+) (\S+)$/m.exec(shipped) ?? [];
    expect(/^ENV MLFI_CONFIG=(.*)$/m.exec(shipped)?.[1]).toBe(at);
    expect(mountsOf(compose.services.mlfi as ComposeService).map(({ target }) => target)).toContain(at);
    const loaded = parseConfig('mlfi.yml', readFileSync(join(ROOT, file), 'utf8'), {}, '/');
    if (loaded.kind !== 'ok') throw new Error('the configuration of the image does not load');
    expect(loaded.config.dataDirectory).toBe('/data');
    expect(loaded.config.listen).toEqual({ address: '0.0.0.0', port: PORTS.mlfi });
  });

  it('says by its health check whether it is ready', async () => {
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    const [, check = '[]'] = /^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    const [, ...args] = JSON.parse(check) as string[];
    let answer = 200;
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/-/ready' ? answer : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const env = { ...process.env, MLFI_LISTEN_PORT: String((server.address() as AddressInfo).port) };
    const exitCode = (): Promise<number | null> =>
      new Promise((resolve) => spawn(process.execPath, args, { env, stdio: 'ignore' }).once('exit', resolve));
    expect(await exitCode()).toBe(0);
    answer = 503;
    expect(await exitCode()).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await exitCode()).toBe(1);
  });

  it('builds the image from files that are there, and starts programs it builds', () => {
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    for (const [, from = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const path of from.split(' ')) expect(existsSync(join(ROOT, path)), path).toBe(true);
    const started = [...dockerfile.matchAll(/"\/app\/exporter\/dist\/([^"]+)\.js"/g)].map(([, path = '']) => path);
    expect(started).toHaveLength(2);
    for (const path of started) expect(existsSync(join(ROOT, 'exporter', `${path}.ts`)), path).toBe(true);
  });
});

describe('the token for annotations', () => {
  it('is made once per account that is found again, with the password of the administrator', async () => {
    const accounts: { id: number; name: string; role: string }[] = [];
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      asked.push(`${request.method ?? ''} ${path}`);
      const send = (status: number, body: object): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        if (request.headers.authorization !== `Basic ${Buffer.from('admin:right').toString('base64')}`)
          return send(401, { message: 'Invalid username or password' });
        if (path === '/api/serviceaccounts/search')
          return send(200, { totalCount: accounts.length, serviceAccounts: accounts });
        const body = JSON.parse(text) as { name: string; role: string };
        if (path === '/api/serviceaccounts') {
          accounts.push({ ...body, id: 7 });
          return send(201, { ...body, id: 7 });
        }
        if (path === '/api/serviceaccounts/7/tokens') return send(200, { id: 1, name: body.name, key: 'glsa_made' });
        return send(404, { message: 'Not found' });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const grafana = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await annotationToken(grafana, 'right')).toBe('glsa_made');
      expect(await annotationToken(grafana, 'right')).toBe('glsa_made');
      expect(accounts).toEqual([{ id: 7, name: 'mlfi-annotations', role: 'Editor' }]);
      expect(asked.filter((call) => call === 'POST /api/serviceaccounts')).toHaveLength(1);
      await expect(annotationToken(grafana, 'wrong')).rejects.toThrow('Grafana answered 401');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('stands in for itself until it is made, in a form that mlfi can start with', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlfi-token-'));
    writeFileSync(join(folder, 'token'), NO_TOKEN_YET);
    const text = `annotations: { grafana_url: 'http://grafana:3000', token_file: '${folder}/token' }\n`;
    expect(parseConfig('mlfi.yml', text, {}, '/').kind).toBe('ok');
    rmSync(folder, { recursive: true });
  });
});
