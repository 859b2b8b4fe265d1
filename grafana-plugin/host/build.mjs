// Bundles the host page from the real npm packages, as Grafana's own front end shares them with plugins.
import { createRequire } from 'node:module';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
export const OUTPUT = join(here, '..', 'artifacts', 'host');

/** Writes host.js and SystemJS into `artifacts/host`. */
export async function buildHost() {
  const require = createRequire(import.meta.url);
  // The routers live under @grafana/ui; two copies would be two router contexts.
  const fromUi = createRequire(require.resolve('@grafana/ui/package.json'));
  mkdirSync(OUTPUT, { recursive: true });
  const packageFolder = (name) => dirname(fromUi.resolve(`${name}/package.json`));
  await build({
    entryPoints: [join(here, 'page.tsx')],
    outfile: join(OUTPUT, 'host.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    loader: { '.svg': 'text', '.woff2': 'dataurl', '.ttf': 'empty' },
    define: { 'process.env.NODE_ENV': '"production"', define: 'undefined', global: 'globalThis' },
    alias: {
      'react-router-dom': packageFolder('react-router-dom'),
      'react-router-dom-v5-compat': packageFolder('react-router-dom-v5-compat'),
    },
    logLevel: 'error',
  });
  const systemjs = dirname(require.resolve('systemjs/package.json'));
  cpSync(join(systemjs, 'dist', 'system.js'), join(OUTPUT, 'system.js'));
  cpSync(join(systemjs, 'dist', 'extras', 'amd.js'), join(OUTPUT, 'amd.js'));
}
