import AxeBuilder from '@axe-core/playwright';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { API, APP, expectFrontEnd, models } from './stage';

/** Shown in the README; written on demand only, from what the journey has left on the stage. */
const SHOTS = process.env.MLFI_SCREENSHOTS === '1' ? join(__dirname, '..', '..', 'docs', 'screenshots') : null;
const NARROW = { width: 390, height: 844 };

interface Shown {
  name: string;
  address: string;
  /** Names the page is known by once it has what it shows. */
  heading: string | RegExp;
}

/** Every page with something on it, by what is watched here. */
async function pagesOf(page: Page): Promise<Shown[]> {
  const watched = await models(page);
  const failing =
    watched.find(({ id, incident_id }) => id === 'tabular' && incident_id !== null) ??
    watched.find(({ incident_id }) => incident_id !== null);
  const model = failing ?? watched[0];
  expect(model, 'a model is watched').toBeDefined();
  return [
    { name: 'fleet', address: `${APP}/fleet`, heading: /fleet|models/i },
    { name: 'connect', address: `${APP}/connect`, heading: /connect/i },
    { name: 'model', address: `${APP}/models/${model.id}`, heading: model.name },
    ...(failing === undefined
      ? []
      : [{ name: 'incident', address: `${APP}/incidents/${failing.incident_id}`, heading: /incident/i }]),
    { name: 'approvals', address: `${APP}/approvals`, heading: /approvals/i },
    { name: 'audit', address: `${APP}/audit`, heading: /audit/i },
    { name: 'configuration', address: '/plugins/mlfi-investigator-app', heading: /configuration|investigator/i },
  ];
}
/** Panels stand alone on the host only; in Grafana they are on dashboards. */
const PANELS = ['approval', 'root-cause'].map((name) => ({
  name: `${name}-panel`,
  address: `/panel/mlfi-${name}-panel?var-model_name=tabular`,
}));

async function open(page: Page, address: string) {
  await page.goto(address);
  await expect(page.locator('main, [class*="page-wrapper"]').first()).toBeVisible();
  await expect(page.getByTestId('mlfi-loading')).toHaveCount(0);
}
const inTheme = (address: string, theme: string) => `${address}${address.includes('?') ? '&' : '?'}theme=${theme}`;

/** What went wrong in the browser while the page was open. Fonts and the spinner are not in Grafana's npm packages. */
function complaintsOf(page: Page): string[] {
  const said: string[] = [];
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('console', (message) => {
    const isAsset = /Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !isAsset) {
      said.push(message.text().slice(0, 300));
    }
  });
  return said;
}

test('every page shows what it is for, and nothing goes wrong in the browser @every-host', async ({ page }) => {
  const said = complaintsOf(page);
  for (const { address, heading } of await pagesOf(page)) {
    await open(page, address);
    await expect(page.getByRole('heading', { name: heading }).first(), address).toBeVisible();
    await expect(page.getByRole('button', { name: 'Try again' }), address).toHaveCount(0);
  }
  await expectFrontEnd(page);
  expect(said).toEqual([]);
});

test('each page has its place in Grafana: breadcrumbs, one name, a highlighted entry @stage @every-host', async ({
  page,
}) => {
  const crumbs = page.getByRole('navigation', { name: 'Breadcrumbs' }).getByRole('listitem');
  const highlighted = page.getByRole('navigation', { name: 'Menu' }).locator('[aria-current=page]');
  await open(page, `${APP}/fleet`);
  await expect(crumbs).toHaveText(['Home', 'More apps', 'ML Failure Investigator', 'Fleet']);
  await expect(highlighted).toHaveText('Fleet');
  await expect(page).toHaveTitle('Fleet - ML Failure Investigator - More apps - Grafana');
  await open(page, `${APP}/models/tabular`);
  await expect(crumbs).toHaveText(['Home', 'More apps', 'ML Failure Investigator', 'Fleet', 'tabular']);
  await expect(highlighted).toHaveText('ML Failure Investigator');
});

test('fleet and incident hold on a small window beside the docked menu @stage', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(page, `${APP}/fleet`);
  const rows = page.getByRole('table').getByRole('row');
  await expect(rows.nth(1)).toBeVisible();
  for (const row of await rows.all()) {
    expect((await row.boundingBox())?.height ?? 0).toBeLessThanOrEqual(44);
  }
  const failing = (await pagesOf(page)).find(({ name }) => name === 'incident');
  expect(failing).toBeDefined();
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, failing?.address ?? '');
  for (const seen of [
    page.getByTestId('mlfi-headline'),
    page.getByTestId('mlfi-picture'),
    page.getByTestId('mlfi-cost'),
    page.getByRole('region', { name: 'What to do first' }).getByRole('button').first(),
  ]) {
    await expect(seen).toBeVisible();
    const box = await seen.boundingBox();
    expect((box?.y ?? 900) + (box?.height ?? 0)).toBeLessThanOrEqual(900);
  }
});

test('both panels show the model of the dashboard @stage @every-host', async ({ page }) => {
  const said = complaintsOf(page);
  for (const { address } of PANELS) {
    await open(page, address);
    await expect(page.getByRole('button', { name: 'Try again' }), address).toHaveCount(0);
  }
  expect(said).toEqual([]);
});

/** What is wrong with the page as it is shown now: axe's serious findings, and how far it runs over its window. */
async function troublesOf(page: Page, rules: string[] | null): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === null ? axe : axe.withRules(rules)).analyze();
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return [
    ...violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`),
    ...(beyond > 0 ? [`${beyond} px too wide`] : []),
  ];
}

for (const { theme, rules } of [
  { theme: 'dark', rules: null },
  // The theme changes colours alone.
  { theme: 'light', rules: ['color-contrast'] },
]) {
  test(`axe finds nothing serious on any page, on a desk and on a telephone (${theme})`, async ({ page }) => {
    test.setTimeout(360_000);
    for (const { address } of await pagesOf(page)) {
      await open(page, inTheme(address, theme));
      for (const viewport of [NARROW, { width: 1440, height: 900 }]) {
        await page.setViewportSize(viewport);
        // Charts take their new width a moment after the window has it.
        await expect
          .configure({ soft: true })
          .poll(() => troublesOf(page, rules), { message: `${address} at ${viewport.width} px` })
          .toEqual([]);
      }
    }
  });
}

test('screenshots of every page and panel in both themes, and the incident on a telephone @stage', async ({ page }) => {
  test.skip(SHOTS === null, 'set MLFI_SCREENSHOTS=1');
  test.setTimeout(300_000);
  const folder = SHOTS ?? '';
  mkdirSync(folder, { recursive: true });
  const shoot = async (name: string, address: string, fullPage: boolean) => {
    await open(page, address);
    await page.waitForLoadState('networkidle', { timeout: 4_000 }).catch(() => undefined);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  };
  const pages = await pagesOf(page);
  for (const theme of ['dark', 'light']) {
    for (const { name, address } of pages) {
      await shoot(`${name}-${theme}`, inTheme(address, theme), true);
    }
    for (const { name, address } of PANELS) {
      await shoot(`${name}-${theme}`, inTheme(address, theme), false);
    }
  }
  await page.setViewportSize(NARROW);
  for (const { name, address } of pages.filter((shown) => shown.name === 'incident')) {
    for (const theme of ['dark', 'light']) {
      await shoot(`${name}-narrow-${theme}`, inTheme(address, theme), true);
    }
  }
});
