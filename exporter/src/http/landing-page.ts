import type { Route } from './route.js';

/** What is served here, for a person with a browser. Holds nothing that needs a key. */
export function landingPage(version: string, routes: readonly Route[]): string {
  const rows = routes.map(
    ({ method, path, scope, summary }) =>
      `<tr><td>${method}</td><td><code>${path}</code></td><td>${scope ?? 'open'}</td><td>${summary}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>mlfi</title><meta name="viewport" content="width=device-width,initial-scale=1"><style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;padding:.2rem .7rem .2rem 0;vertical-align:top}table{border-collapse:collapse;font-size:.9rem}</style></head><body><h1>mlfi ${version}</h1><p>A doctor for machine-learning models in production. Send <code>Authorization: Bearer mlfi_…</code> with everything that is not open. Bodies and answers are described in <a href="/api/v1/openapi.json"><code>/api/v1/openapi.json</code></a>.</p><table><thead><tr><th>method</th><th>path</th><th>scope</th><th>what it does</th></tr></thead><tbody>${rows.join('')}</tbody></table></body></html>`;
}
