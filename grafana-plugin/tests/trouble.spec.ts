import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@grafana/plugin-e2e';
import { API, APP, as, models, ON_GRAFANA, stage, until } from './stage';

test.describe('trouble', () => {
  test.skip(ON_GRAFANA, 'steers the stage');

  test('a viewer sees everything, may decide nothing, and is refused all the same', async ({ browser, baseURL }) => {
    const vic = await as(browser, 'vic', baseURL);
    const { incident_id } = await until(vic, 'low-confidence', (model) => model.incident_id !== null, 90_000);
    await vic.goto(`${APP}/incidents/${incident_id}`);
    await expect(vic.getByText(/Deciding needs the Editor role/).first()).toBeVisible();
    await expect(vic.getByRole('button', { name: 'Approve', exact: true }).first()).toBeDisabled();
    const [pending] = (await (await vic.request.get(`${API}/recommendations?incident=${incident_id}&pending=true`)).json()).recommendations;
    const vote = { recommendation_id: pending.id, digest: pending.digest, verdict: 'approve', reason: 'forged' };
    expect((await vic.request.post(`${API}/votes`, { data: vote })).status()).toBe(403);
    // Not through another route either: a route opened for operating does not grant deciding, and no path climbs.
    const ada = await as(browser, 'ada', baseURL);
    for (const path of ['models/..%2Fvotes', 'models/x/..%2F..%2Fvotes']) {
      expect((await ada.request.post(`${API}/${path}`, { data: vote })).status()).toBeGreaterThanOrEqual(400);
    }
    const after = await (await vic.request.get(`${API}/recommendations/${pending.id}`)).json();
    expect(after.votes).toHaveLength(0);
  });

  test('two people at once: one decision, and the slower one is told', async ({ browser, baseURL }) => {
    const [ada, grace] = [await as(browser, 'ada', baseURL), await as(browser, 'grace', baseURL)];
    const { incident_id } = await until(ada, 'low-confidence', (model) => model.incident_id !== null, 90_000);
    const open = async (page: typeof ada) => {
      await page.goto(`${APP}/incidents/${incident_id}`);
      const decision = page.getByRole('article').first();
      await decision.getByLabel('Reason').fill('racing');
      return decision;
    };
    const [first, second] = [await open(ada), await open(grace)];
    const title = await first.getAttribute('aria-label');
    await Promise.all([
      first.getByRole('button', { name: 'Approve', exact: true }).click(),
      second.getByRole('button', { name: 'Reject' }).click({ timeout: 5_000 }).catch(() => undefined),
    ]);
    await expect(first).not.toHaveAttribute('data-state', 'pending');
    const state = await first.getAttribute('data-state');
    await expect(grace.getByRole('article', { name: title ?? '' }).first()).toHaveAttribute('data-state', state ?? '');
  });

  test('the exporter goes down and comes back: old figures with their age, then new ones', async ({ browser, baseURL }) => {
    const page = await as(browser, 'ada', baseURL);
    await page.goto(`${APP}/fleet`);
    await expect(page.getByRole('link', { name: 'low-confidence', exact: true })).toBeVisible();
    await stage('stop-exporter');
    await expect(page.getByText(/Not up to date/)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole('link', { name: 'low-confidence', exact: true })).toBeVisible();
    const late = await as(browser, 'ada', baseURL);
    await late.goto(`${APP}/fleet`);
    await expect(late.getByText('The exporter cannot be reached')).toBeVisible();
    await stage('start-exporter');
    await late.getByRole('button', { name: 'Try again' }).click();
    await expect(late.getByRole('link', { name: 'low-confidence', exact: true })).toBeVisible();
    await expect(page.getByText(/Not up to date/)).toBeHidden({ timeout: 40_000 });
  });

  test('a wrong secret is named by the connection test', async ({ browser, baseURL }) => {
    const page = await as(browser, 'admin', baseURL);
    await page.goto('/plugins/mlfi-investigator-app');
    await page.getByRole('button', { name: 'Test the saved connection' }).click();
    await expect(page.getByText('Connected; you are Admin')).toBeVisible();
    await stage('wrong-secret');
    await page.getByRole('button', { name: 'Test the saved connection' }).click();
    await expect(page.getByText('Wrong shared secret')).toBeVisible();
    await stage('right-secret');
  });

  test('menu links lead to the model or the incident, and are not there without one', async ({ page }) => {
    await page.goto(`/extensions?labels=${encodeURIComponent('{"model_name":"tabular"}')}`);
    await expect(page.getByRole('link', { name: 'Investigate model failure' })).toHaveAttribute('href', `${APP}/models/tabular`);
    await page.goto('/extensions');
    await expect(page.getByRole('link', { name: 'ML models: fleet' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Investigate model failure' })).toBeHidden();
  });
});

test('500 models: the first page can be used within a second of the answer', async ({ page }) => {
  const [model] = await models(page);
  const many = Array.from({ length: 500 }, (_, index) => ({ ...model, id: `model-${index}`, name: index === 7 ? 'a-very-long-name-'.repeat(7) : `model-${index}`, incident_id: null, severity: 'none' }));
  let answeredAt = 0;
  await page.route(`**${API}/models`, async (route) => {
    await route.fulfill({ json: { models: many } });
    answeredAt ||= Date.now();
  });
  await page.goto(`${APP}/fleet`);
  await expect(page.getByText('500 of 500 models')).toBeVisible();
  console.log(`500 models: interactive ${Date.now() - answeredAt} ms after the answer`);
  await page.getByRole('textbox').fill('model-499');
  await expect(page.getByText('1 of 500 models')).toBeVisible();
  await page.setViewportSize({ width: 380, height: 800 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

for (const theme of ['dark', 'light']) {
  test(`axe finds nothing serious on any page (${theme})`, async ({ page }) => {
    const incident = (await models(page)).find(({ incident_id }) => incident_id !== null)?.incident_id;
    const pages = [`${APP}/fleet`, `${APP}/models/low-confidence`, `${APP}/incidents/${incident}`, `${APP}/approvals`, `${APP}/audit`, `${APP}/connect`, '/plugins/mlfi-investigator-app'];
    const found: string[] = [];
    for (const address of pages) {
      await page.goto(`${address}?theme=${theme}`);
      await expect(page.getByTestId('mlfi-loading')).toHaveCount(0);
      await page.waitForTimeout(300);
      const { violations } = await new AxeBuilder({ page }).analyze();
      found.push(...violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${address} ${id}: ${nodes[0].html.slice(0, 200)}`));
    }
    expect(found).toEqual([]);
  });
}
