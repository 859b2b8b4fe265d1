// `npm run screenshots -w grafana-plugin`: pictures of every page × dark and light × four widths, of a fleet that learns, of
// models that fail in different ways, and of an exporter that is down, into artifacts/screenshots with an index.html to look
// through. HOST_URL names a host that runs already (`npm run host`); ONLY=incident,fleet, WIDTHS=1440 and THEMES=dark narrow it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { CHROMIUM } from './chromium.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const FOLDER = join(here, '..', 'artifacts', 'screenshots');
const API = 'api/plugin-proxy/mlfi-investigator-app/api/v1';
const HEIGHTS = { 390: 844, 1280: 800, 1440: 900, 1920: 1080 };
const WATCHED = ['tabular', 'low-confidence', 'broken', 'healthy', 'random', 'silent', 'drifting'];
const PATIENCE_MS = 240_000;

const listOf = (name, otherwise) => process.env[name]?.split(',') ?? otherwise;
const widths = listOf('WIDTHS', Object.keys(HEIGHTS)).map(Number);
const themes = listOf('THEMES', ['dark', 'light']);
const only = listOf('ONLY', null);

/** The stage of its own, or one that runs already. */
async function staged() {
  if (process.env.HOST_URL !== undefined) {
    return { url: process.env.HOST_URL.replace(/\/?$/, '/'), stage: null };
  }
  const { buildHost } = await import('./build.mjs');
  const { startStage } = await import('./stage.mjs');
  await buildHost();
  const stage = await startStage({ port: Number(process.env.HOST_PORT ?? 3998), watched: WATCHED });
  return { url: stage.url, stage };
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const { url, stage } = await staged();
const browser = await chromium.launch(CHROMIUM);
const taken = [];
const complaints = new Set();
mkdirSync(FOLDER, { recursive: true });

const models = async () => (await (await fetch(`${url}${API}/models`)).json()).models;
/** Asks until it is so, or until patience ends: a picture of a model that is not that far is still a picture. */
async function until(fits) {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await wait(1_000)) {
    if (fits(await models())) {
      return;
    }
  }
}

/** One page in every theme and width that was asked for. `prepare` sees the page before it is opened. */
async function shoot(name, address, prepare = async () => undefined) {
  if (only !== null && !only.some((wanted) => name.startsWith(wanted))) {
    return;
  }
  for (const theme of themes) {
    for (const width of widths) {
      const context = await browser.newContext({ viewport: { width, height: HEIGHTS[width] ?? 900 } });
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.add(`${name}: ${String(error).slice(0, 300)}`));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
          complaints.add(`${name}: ${message.text().slice(0, 300)}`);
        }
      });
      await prepare(page);
      await page.goto(`${url}${address}${address.includes('?') ? '&' : '?'}theme=${theme}`);
      await page.waitForTimeout(name.startsWith('fleet') ? 8_000 : 2_500);
      for (const fullPage of [false, true]) {
        const file = `${name}-${theme}-${width}${fullPage ? '-whole' : ''}.png`;
        await page.screenshot({ path: join(FOLDER, file), fullPage });
        taken.push({ name, file, fullPage });
      }
      await context.close();
    }
  }
}

const APP = 'a/mlfi-investigator-app';
await shoot('fleet-empty', `${APP}/fleet`, (page) =>
  page.route(`**/${API}/models`, (route) => route.fulfill({ json: { models: [] } }))
);
if (stage !== null) {
  await shoot('fleet-learning', `${APP}/fleet`);
  await shoot('model-learning', `${APP}/models/tabular`);
  await until((all) => all.some(({ id, baseline }) => id === 'tabular' && baseline.state === 'ready'));
  await wait(20_000);
  stage.fail();
  await until((all) => all.filter(({ incident_id }) => incident_id !== null).length >= WATCHED.length - 1);
}
await shoot('fleet', `${APP}/fleet`);
for (const { id, incident_id } of await models()) {
  await shoot(`model-${id}`, `${APP}/models/${id}`);
  if (incident_id !== null) {
    await shoot(`incident-${id}`, `${APP}/incidents/${incident_id}`);
  }
}
await shoot('approvals', `${APP}/approvals`);
await shoot('audit', `${APP}/audit`);
await shoot('connect', `${APP}/connect`);
await shoot('configuration', 'plugins/mlfi-investigator-app');
await shoot('panel-approval', 'panel/mlfi-approval-panel?var-model_name=tabular');
await shoot('panel-root-cause', 'panel/mlfi-root-cause-panel?var-model_name=tabular');
const down = (page) => page.route(`**/${API}/**`, (route) => route.fulfill({ status: 502, body: '' }));
await shoot('down-fleet', `${APP}/fleet`, down);
await shoot('down-incident', `${APP}/incidents/any`, down);

const figures = taken.map(
  ({ file }) =>
    `<figure><a href="${file}"><img loading="lazy" src="${file}" width="460"></a><figcaption>${file}</figcaption></figure>`
);
writeFileSync(
  join(FOLDER, 'index.html'),
  `<!doctype html><meta charset="utf-8"><title>Screenshots</title><style>body{display:flex;flex-wrap:wrap;gap:16px;font:12px sans-serif}figure{margin:0}</style>${figures.join('')}`
);
console.log(`${taken.length} pictures in ${FOLDER}`);
console.log([...complaints].join('\n') || 'the browser complained of nothing');
await browser.close();
await stage?.close();
process.exit(complaints.size === 0 ? 0 : 1);
