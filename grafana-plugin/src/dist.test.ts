import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { archiveOf } from '../release/archive.mjs';
import { PLUGIN_ID } from './constants';

// The publishing rules of Grafana's plugin validator that can be checked without it, on the built plugin.
const DIST = join(__dirname, '..', 'dist');
const version: string = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version;
const files = existsSync(DIST)
  ? readdirSync(DIST, { recursive: true })
      .map(String)
      .filter((path) => statSync(join(DIST, path)).isFile())
  : [];
const read = (path: string) => readFileSync(join(DIST, path), 'utf8');
const size = (path: string) => statSync(join(DIST, path)).size;
const manifests = files
  .filter((path) => path.endsWith('plugin.json'))
  .map((path) => ({ path, json: JSON.parse(read(path)) }));
const app = manifests.find(({ json }) => json.type === 'app')?.json;
const SHARED = [
  '@emotion/css',
  '@emotion/react',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'i18next',
  'lodash',
  'module',
  'moment',
  'react',
  'react-dom',
  'react-router',
  'react/jsx-runtime',
  'react/jsx-dev-runtime',
  'rxjs',
];

test('the plugin was built (npm run build -w grafana-plugin)', () => {
  expect(files.length).toBeGreaterThan(0);
  expect(manifests.map(({ json }) => json.id).sort()).toEqual(
    ['mlfi-approval-panel', PLUGIN_ID, 'mlfi-root-cause-panel'].sort()
  );
});

describe.each(manifests)('$path', ({ path, json }) => {
  it('has a valid id, type and version, and no placeholder left', () => {
    expect(json.id).toMatch(/^[0-9a-z]+-([0-9a-z]+-)*(app|panel)$/);
    expect(json.id.endsWith(json.type)).toBe(true);
    expect(json.info.version).toBe(version);
    expect(json.info.updated).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(read(path)).not.toMatch(/%[A-Z_]+%/);
    expect(json.info.keywords.length).toBeGreaterThan(0);
    expect(json.info.description).toBeTruthy();
    expect(json.dependencies.grafanaDependency).toBe('>=12.4.0');
    expect(json.info.screenshots.length).toBe(json.type === 'app' ? 5 : 0);
  });
  it('names only files that exist, and has its module', () => {
    const folder = dirname(join(DIST, path));
    const named = [
      json.info.logos.small,
      json.info.logos.large,
      ...json.info.screenshots.map((shot: { path: string }) => shot.path),
      'module.js',
    ];
    expect(named.filter((name: string) => !existsSync(join(folder, name)))).toEqual([]);
    const nested = (json.includes ?? []).filter(({ type }: { type: string }) => type === 'panel');
    expect(nested.filter((include: { path: string }) => !existsSync(join(folder, include.path)))).toEqual([]);
  });
  it('leans on nothing Grafana does not share', () => {
    const listed = /define\(\[([^\]]*)\]/.exec(read(join(dirname(path), 'module.js')))?.[1] ?? '';
    const names = [...listed.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !SHARED.includes(name))).toEqual([]);
  });
});

describe('routes', () => {
  const mutating = app.routes.filter(({ method }: { method: string }) => method !== 'GET');
  it('open every mutation for one grant, by people who may write', () => {
    for (const route of app.routes) {
      const grant = route.headers.find(({ name }: { name: string }) => name === 'X-Route-Grant')?.content;
      expect(['read', 'operate', 'propose', 'approve']).toContain(grant);
      expect(route.method === 'GET' ? grant : 'read').toBe('read');
    }
    expect(mutating.every(({ reqRole }: { reqRole: string }) => reqRole === 'Editor' || reqRole === 'Admin')).toBe(
      true
    );
  });
  it('are exact, but for operating one model; deciding has no wildcard', () => {
    expect(
      mutating
        .filter(({ path }: { path: string }) => path.includes('*'))
        .map(({ method, path, reqRole }: { method: string; path: string; reqRole: string }) => [method, path, reqRole])
    ).toEqual([
      ['POST', 'api/v1/models/*', 'Editor'],
      ['PATCH', 'api/v1/models/*', 'Editor'],
      ['DELETE', 'api/v1/models/*', 'Admin'],
    ]);
  });
});

test('nested panels load no chunk of their own: Grafana would look in the wrong folder', () => {
  for (const { path, json } of manifests.filter((manifest) => manifest.json.type === 'panel')) {
    expect({ id: json.id, chunks: (read(join(dirname(path), 'module.js')).match(/\.e\(\d+\)/g) ?? []).length }).toEqual(
      { id: json.id, chunks: 0 }
    );
  }
});

test('sizes: module.js at most 30 kB, everything without maps at most 1 MB', () => {
  expect(size('module.js')).toBeLessThanOrEqual(30_000);
  const total = files.filter((path) => !path.endsWith('.map')).reduce((sum, path) => sum + size(path), 0);
  expect(total).toBeLessThanOrEqual(1_000_000);
});

test('it has what a publisher asks for: README, CHANGELOG, LICENSE, source maps', () => {
  expect(['README.md', 'CHANGELOG.md', 'LICENSE', 'module.js.map'].filter((name) => !files.includes(name))).toEqual([]);
  expect(read('README.md')).not.toMatch(/<!--|%[A-Z_]+%/);
});

describe('the archive for the catalogue', () => {
  const entries = Object.keys(unzipSync(archiveOf(DIST, PLUGIN_ID)));
  it('holds one folder, named as the plugin, with everything that was built', () => {
    expect(new Set(entries.map((path) => path.split('/')[0]))).toEqual(new Set([PLUGIN_ID]));
    expect(entries.length).toBe(files.length);
    expect(entries).toEqual(expect.arrayContaining([`${PLUGIN_ID}/plugin.json`, `${PLUGIN_ID}/module.js`]));
  });
  it('is the same whenever it is made', () => {
    expect(Buffer.from(archiveOf(DIST, PLUGIN_ID)).equals(Buffer.from(archiveOf(DIST, PLUGIN_ID)))).toBe(true);
  });
});

it('says in every place the same version, by the rules of semantic versioning, with a line in the changelog', () => {
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(read('CHANGELOG.md')).toContain(`## ${version}`);
});

it('links nowhere that only exists in the repository', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  expect(links.filter((link) => !/^https:\/\//.test(link))).toEqual([]);
});
