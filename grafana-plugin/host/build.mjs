// Bundles the host page from the real npm packages, as Grafana's own front end shares them with plugins: those the plugin is
// built with (React 19), and those of Grafana 12.4 (React 18), which lie in react-18/ with a lock file of their own.
import { createRequire } from 'node:module';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
export const OUTPUT = join(here, '..', 'artifacts', 'host');
const REACT_18 = join(here, 'react-18');

/** Front ends that can be served, by name: the folder whose packages they are made of. Only those that are installed. */
export function frontEnds() {
  const all = { 'react-19': here, 'react-18': REACT_18 };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, folder]) => folder !== REACT_18 || existsSync(join(REACT_18, 'node_modules', '@grafana', 'ui'))
    )
  );
}

/** What the packages of a front end say of themselves: Grafana's version and where its public files lie. */
export function grafanaOf(folder) {
  const require = createRequire(join(folder, 'resolve.js'));
  const manifest = require.resolve('@grafana/ui/package.json');
  return { version: require(manifest).version, publicFolder: join(dirname(manifest), 'dist', 'public') };
}

/** Lets every import of the host page find the packages of `folder`. */
const packagesOf = (folder) => ({
  name: 'packages',
  setup(builder) {
    builder.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind, pluginData }) =>
      dirname(importer) === here && pluginData !== 'asked'
        ? builder.resolve(path, { kind, resolveDir: folder, pluginData: 'asked' })
        : undefined
    );
  },
});

async function bundle(name, folder) {
  const require = createRequire(join(folder, 'resolve.js'));
  // The routers live under @grafana/ui; two copies would be two router contexts.
  const fromUi = createRequire(require.resolve('@grafana/ui/package.json'));
  const packageFolder = (router) => dirname(fromUi.resolve(`${router}/package.json`));
  await build({
    entryPoints: [join(here, 'page.tsx')],
    outfile: join(OUTPUT, name, 'host.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    loader: { '.svg': 'text', '.woff2': 'empty', '.ttf': 'empty' },
    define: { 'process.env.NODE_ENV': '"production"', define: 'undefined', global: 'globalThis' },
    alias: {
      'react-router-dom': packageFolder('react-router-dom'),
      'react-router-dom-v5-compat': packageFolder('react-router-dom-v5-compat'),
    },
    plugins: [packagesOf(folder)],
    logLevel: 'error',
  });
}

/** Writes `<front end>/host.js` for every front end, and SystemJS, into `artifacts/host`. */
export async function buildHost() {
  mkdirSync(OUTPUT, { recursive: true });
  for (const [name, folder] of Object.entries(frontEnds())) {
    await bundle(name, folder);
  }
  const systemjs = dirname(createRequire(import.meta.url).resolve('systemjs/package.json'));
  cpSync(join(systemjs, 'dist', 'system.js'), join(OUTPUT, 'system.js'));
  cpSync(join(systemjs, 'dist', 'extras', 'amd.js'), join(OUTPUT, 'amd.js'));
}
