// `node host/look.mjs <host url> <folder>`: screenshots of every page in both themes, as documentation shows them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

export const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
const [url, folder] = process.argv.slice(2);
const app = `${url.replace(/\/$/, '')}/a/mlfi-investigator-app`;
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch(CHROMIUM);
const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
const page = await context.newPage();
const said = [];
page.on(
  'console',
  (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text().slice(0, 300))
);
page.on('pageerror', (error) => said.push(`page error ${String(error).slice(0, 500)}`));
const { models } = await (
  await context.request.get(`${url}api/plugin-proxy/mlfi-investigator-app/api/v1/models`)
).json();
console.log(models.map(({ id, state, cause, headline }) => `${id} ${state} ${cause} ${headline}`).join('\n'));
const worst =
  models.find(({ id, incident_id }) => id === 'tabular' && incident_id) ??
  models.find(({ incident_id }) => incident_id);
const shots = {
  fleet: `${app}/fleet`,
  model: `${app}/models/tabular`,
  incident: `${app}/incidents/${worst?.incident_id}`,
  approvals: `${app}/approvals`,
  audit: `${app}/audit`,
  connect: `${app}/connect`,
  configuration: `${url}plugins/mlfi-investigator-app`,
  'approval-panel': `${url}panel/mlfi-approval-panel`,
  'root-cause-panel': `${url}panel/mlfi-root-cause-panel?var-model=${worst?.id}`,
};
for (const theme of ['dark', 'light']) {
  for (const [name, address] of Object.entries(shots)) {
    await page.goto(`${address}${address.includes('?') ? '&' : '?'}theme=${theme}`);
    await page.waitForTimeout(name === 'fleet' ? 9_000 : 2_500);
    if (name === 'audit') {
      await page.getByRole('button', { name: 'Verify now' }).click();
      await page.waitForTimeout(500);
    }
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`), fullPage: !name.includes('panel') });
  }
}
console.log([...new Set(said)].join('\n'));
await browser.close();
