// A loopback server that stands where Grafana's stands: static files of the built plugin, its settings, sign-in, ID tokens
// signed with ES256 and published as a key set, and the plugin proxy as plugin.json describes it.
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { frontEnds, grafanaOf, OUTPUT } from './build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const DIST = join(here, '..', 'dist');
const DASHBOARDS = join(here, '..', '..', 'provisioning', 'grafana', 'dashboards');
const TYPES = {
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.html': 'text/html',
  '.css': 'text/css',
  '.png': 'image/png',
};
const ROLES = ['None', 'Viewer', 'Editor', 'Admin'];
const HOP = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'cookie',
  'authorization',
  'origin',
  'referer',
  'x-grafana-id',
  'x-grafana-user',
  'x-grafana-context',
  'accept-encoding',
];

/** People who can sign in, by login; the password is the login. */
export const USERS = {
  admin: { id: 1, name: 'Admin', role: 'Admin' },
  ada: { id: 12, name: 'Ada Lovelace', role: 'Editor' },
  grace: { id: 13, name: 'Grace Hopper', role: 'Admin' },
  vic: { id: 14, name: 'Vic Viewer', role: 'Viewer' },
};

/** Every plugin.json of the built plugin: the app's and the nested panels', with the folder each lies in. */
export function builtPlugins(folder = DIST) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith('plugin.json'))
    .map((path) => ({
      folder: dirname(join(folder, path)),
      json: JSON.parse(readFileSync(join(folder, path), 'utf8')),
    }));
}

/** Fills Grafana's route templates; a name that is not set prints as Go prints it. */
export function filled(template, settings) {
  return template.replace(
    /\{\{\s*\.(JsonData|SecureJsonData)\.(\w+)\s*\}\}/g,
    (_, kind, name) => (kind === 'JsonData' ? settings.jsonData : settings.secureJsonData)[name] ?? '<no value>'
  );
}

/** First route whose pattern and method fit, and what its `*` stands for. */
export function matchRoute(routes, method, path) {
  for (const route of routes) {
    if (route.method && route.method !== '*' && route.method !== method) {
      continue;
    }
    if (route.path.endsWith('/*') && path.startsWith(route.path.slice(0, -1))) {
      return { route, rest: path.slice(route.path.length - 1) };
    }
    if (route.path === path) {
      return { route, rest: '' };
    }
  }
  return null;
}

/**
 * Grafana's navigation as far as a plugin is in it: "More apps", the app by its default page or its root, and below it the pages
 * plugin.json puts there and the role may see.
 */
export function navTreeOf({ id, name, includes }, role) {
  const pages = includes.filter(
    (include) =>
      include.type === 'page' && include.addToNav && ROLES.indexOf(role) >= ROLES.indexOf(include.role ?? 'Viewer')
  );
  const own = pages.find(({ defaultNav }) => defaultNav)?.path ?? `/a/${id}`;
  const children = pages.map((page) => ({ id: `${id}${page.path}`, text: page.name, url: page.path, icon: page.icon }));
  const app = { id: `plugin-page-${id}`, text: name, url: own, pluginId: id, isSection: true, children };
  return [
    { id: 'home', text: 'Home', url: '/' },
    { id: 'apps', text: 'More apps', url: '/apps', isSection: true, children: [app] },
  ];
}

/** The content security policy Grafana suggests in its defaults, with the nonce of one answer. */
export const policyOf = (nonce, host) =>
  `script-src 'self' 'unsafe-eval' 'unsafe-inline' 'strict-dynamic' 'nonce-${nonce}';object-src 'none';font-src 'self';style-src 'self' 'unsafe-inline' blob:;img-src * data:;base-uri 'self';connect-src 'self' grafana.com ws://${host} wss://${host};manifest-src 'self';media-src 'none';form-action 'self';`;

/** Starts the host. `settings` are the app's; they can be saved through the usual address by an Admin. */
export async function startHost({ port, settings }) {
  const plugins = builtPlugins();
  const app = plugins.find(({ json }) => json.type === 'app');
  const grafanas = Object.fromEntries(Object.entries(frontEnds()).map(([name, folder]) => [name, grafanaOf(folder)]));
  const kid = `id-${new Date().toISOString().slice(0, 7)}-es256`;
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'ES256' };
  const root = () => `http://127.0.0.1:${server.address().port}/`;

  const idToken = (login) => {
    const { id, name, role } = USERS[login];
    return new SignJWT({
      identifier: `uid${id}`,
      type: 'user',
      namespace: 'default',
      role,
      username: login,
      name,
      email: `${login}@example.org`,
      email_verified: true,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'jwt', kid })
      .setIssuer(root())
      .setAudience(['org:1'])
      .setSubject(`user:${id}`)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);
  };
  const json = (response, status, body, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const file = (response, folder, path) => {
    const full = normalize(join(folder, path));
    if (!full.startsWith(folder) || !existsSync(full)) {
      return json(response, 404, { message: 'Not found' });
    }
    // As Grafana does: what a browser keeps it need not compile again, and that is three quarters of opening a page.
    response.writeHead(200, {
      'content-type': TYPES[extname(full)] ?? 'application/octet-stream',
      'cache-control': 'max-age=3600',
    });
    createReadStream(full).pipe(response);
  };
  const bodyOf = async (request) => {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };

  const proxy = async (request, response, login, path, search) => {
    const matched = matchRoute(app.json.routes, request.method, decodeURIComponent(path));
    if (matched === null) {
      return json(response, 404, { message: 'plugin route match not found' });
    }
    const { route, rest } = matched;
    if (route.reqRole && ROLES.indexOf(USERS[login].role) < ROLES.indexOf(route.reqRole)) {
      return json(response, 403, { message: 'plugin proxy route access denied' });
    }
    let target;
    try {
      target = new URL(filled(route.url, settings));
    } catch {
      return json(response, 500, { message: 'Failed to interpolate the route address' });
    }
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP.includes(name)));
    for (const { name, content } of route.headers ?? []) {
      headers[name.toLowerCase()] = filled(content, settings);
    }
    headers['x-grafana-id'] = await idToken(login);
    headers['x-grafana-context'] = JSON.stringify({ Login: login, OrgID: 1, OrgRole: USERS[login].role });
    const fullPath = [target.pathname.replace(/\/$/, ''), rest].filter((part) => part !== '').join('/') + search;
    const forwarded = httpRequest(
      { host: target.hostname, port: target.port, method: request.method, path: fullPath, headers },
      (answer) => {
        const kept = Object.fromEntries(
          Object.entries(answer.headers).filter(
            ([name]) => !['set-cookie', 'server', 'connection', 'transfer-encoding'].includes(name)
          )
        );
        response.writeHead(answer.statusCode, {
          ...kept,
          'content-security-policy': 'sandbox',
          'cache-control': 'no-store',
        });
        response.flushHeaders();
        answer.pipe(response);
      }
    );
    // As Grafana does: the exporter being away is an empty 502.
    forwarded.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  };

  const settingsView = ({ json: meta, folder }) => ({
    ...meta,
    module: `public/plugins/${meta.id}/module.js`,
    baseUrl: `public/plugins/${meta.id}`,
    enabled: true,
    pinned: true,
    jsonData: folder === app.folder ? settings.jsonData : {},
    secureJsonFields:
      folder === app.folder ? Object.fromEntries(Object.keys(settings.secureJsonData).map((name) => [name, true])) : {},
  });

  const page = (login, isLight, frontEnd, nonce) => {
    const user = USERS[login];
    const boot = {
      user: {
        id: user.id,
        login,
        name: user.name,
        email: `${login}@example.org`,
        orgId: 1,
        orgRole: user.role,
        isSignedIn: true,
        lightTheme: isLight,
        theme: isLight ? 'light' : 'dark',
        timezone: 'utc',
        language: 'en-US',
        permissions: {},
      },
      settings: {
        buildInfo: { version: grafanas[frontEnd].version, env: 'production', edition: 'OSS', commit: '' },
        appSubUrl: '',
        appUrl: root(),
        defaultDatasource: 'prometheus',
        datasources: {},
        panels: {},
        apps: {},
        featureToggles: {},
        theme2: {},
        bootData: {},
        publicDashboardAccessToken: '',
        licenseInfo: {},
        unifiedAlerting: { minInterval: '10s' },
      },
      navTree: navTreeOf(app.json, user.role),
      assets: { dark: '', light: '' },
    };
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Host</title><link rel="stylesheet" href="/host/${frontEnd}/host.css"><style>body{margin:0}</style>
<script nonce="${nonce}">window.grafanaBootData=${JSON.stringify(boot)};window.__grafana_public_path__='/public/';</script></head>
<body><div id="reactRoot" class="grafana-app"></div><script nonce="${nonce}" src="/host/system.js"></script><script nonce="${nonce}" src="/host/amd.js"></script><script nonce="${nonce}" src="/host/${frontEnd}/host.js"></script></body></html>`;
  };

  const cookieOf = (request, name, known, otherwise) => {
    const found = new RegExp(`${name}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1];
    return found !== undefined && found in known ? found : otherwise;
  };

  const server = createServer(async (request, response) => {
    const cut = request.url.indexOf('?');
    const [path, search] = cut < 0 ? [request.url, ''] : [request.url.slice(0, cut), request.url.slice(cut)];
    const login = cookieOf(request, 'grafana_session', USERS, 'admin');
    const frontEnd = cookieOf(request, 'mlfi_front_end', grafanas, 'react-19');
    try {
      if (path === '/login' && request.method === 'POST') {
        const { user, password } = JSON.parse((await bodyOf(request)).toString());
        return user in USERS && password === user
          ? json(
              response,
              200,
              { message: 'Logged in' },
              { 'set-cookie': `grafana_session=${user}; Path=/; HttpOnly; SameSite=Lax` }
            )
          : json(response, 401, { message: 'Invalid username or password' });
      }
      if (path === '/api/signing-keys/keys') {
        return json(response, 200, { keys: [jwk] });
      }
      if (path.startsWith(`/api/plugin-proxy/${app.json.id}/`)) {
        return await proxy(request, response, login, path.slice(`/api/plugin-proxy/${app.json.id}/`.length), search);
      }
      const settingsOf = /^\/api\/plugins\/([a-z-]+)\/settings$/.exec(path);
      if (settingsOf !== null) {
        const plugin = plugins.find(({ json: { id } }) => id === settingsOf[1]);
        if (plugin === undefined) {
          return json(response, 404, { message: 'Plugin not found' });
        }
        if (request.method === 'GET') {
          return json(response, 200, settingsView(plugin));
        }
        if (USERS[login].role !== 'Admin') {
          return json(response, 403, { message: 'Access denied' });
        }
        const saved = JSON.parse((await bodyOf(request)).toString());
        settings.jsonData = saved.jsonData ?? settings.jsonData;
        settings.secureJsonData = { ...settings.secureJsonData, ...saved.secureJsonData };
        return json(response, 200, { message: 'Plugin settings updated' });
      }
      if (path.startsWith('/host/')) {
        return file(response, OUTPUT, path.slice('/host/'.length));
      }
      const asset = /^\/public\/plugins\/([a-z-]+)\/(.*)$/.exec(path);
      if (asset !== null) {
        const plugin = plugins.find(({ json: { id } }) => id === asset[1]);
        return plugin === undefined ? json(response, 404, {}) : file(response, plugin.folder, asset[2]);
      }
      if (path.startsWith('/public/')) {
        return file(response, grafanas[frontEnd].publicFolder, path.slice('/public/'.length).replace(/^build\//, ''));
      }
      if (path.startsWith('/api/')) {
        return json(response, 404, { message: 'Not found' });
      }
      if (path.startsWith('/dashboards/')) {
        return file(response, DASHBOARDS, path.slice('/dashboards/'.length));
      }
      const nonce = randomBytes(16).toString('base64url');
      response
        .writeHead(200, {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': policyOf(nonce, request.headers.host),
        })
        .end(page(login, new URLSearchParams(search).get('theme') === 'light', frontEnd, nonce));
    } catch (error) {
      json(response, 500, { message: String(error) });
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: root(),
    settings,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
