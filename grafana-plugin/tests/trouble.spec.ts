import { expect, test } from '@grafana/plugin-e2e';
import { API, APP, as, stage, unfoldActions, until } from './stage';

const isOpen = ({ incident_id }: { incident_id: string | null }) => incident_id !== null;

test.describe('trouble @stage', () => {
  test('a viewer sees everything, may decide nothing, and is refused all the same', async ({ browser, baseURL }) => {
    const vic = await as(browser, 'vic', baseURL);
    const { incident_id } = await until(vic, 'low-confidence', isOpen, 120_000);
    await vic.goto(`${APP}/incidents/${incident_id}`);
    await expect(vic.getByText(/Deciding needs the Editor role/).first()).toBeVisible();
    await expect(vic.getByRole('button', { name: 'Approve', exact: true })).toHaveCount(0);
    const [pending] = (
      await (await vic.request.get(`${API}/recommendations?incident=${incident_id}&pending=true`)).json()
    ).recommendations;
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

  test('two people at once: one decision, and both windows say so', async ({ browser, baseURL }) => {
    const [ada, grace] = [await as(browser, 'ada', baseURL), await as(browser, 'grace', baseURL)];
    const { incident_id } = await until(ada, 'low-confidence', isOpen, 120_000);
    const { recommendations } = await (
      await ada.request.get(`${API}/recommendations?incident=${incident_id}&pending=true`)
    ).json();
    // Where two approvals are needed, an approval and a rejection can both count.
    const { id } = recommendations.find(
      ({ required_approvals, plan }: Record<string, unknown>) => required_approvals === 1 && plan !== null
    );
    const open = async (page: typeof ada) => {
      await page.goto(`${APP}/incidents/${incident_id}`);
      const decision = page.locator(`article[data-id="${id}"]`);
      await expect(decision).toHaveCount(1);
      if (!(await decision.isVisible())) {
        await unfoldActions(page);
      }
      return decision;
    };
    const [first, second] = [await open(ada), await open(grace)];
    const asked = async (page: typeof ada, decision: typeof first, verdict: 'Approve' | 'Reject') => {
      await decision.getByRole('button', { name: verdict, exact: true }).click();
      await page.getByRole('dialog').getByLabel('Reason').fill('racing');
      return page.getByRole('dialog').getByRole('button', { name: verdict, exact: true });
    };
    const [approves, rejects] = [await asked(ada, first, 'Approve'), await asked(grace, second, 'Reject')];
    // Both votes are on their way before either window knows of the other: what is seen first must not stop the second click.
    const votes = [ada, grace].map((page) => page.waitForResponse((answer) => answer.url().endsWith('/api/v1/votes')));
    await Promise.all([
      approves.evaluate((button: HTMLButtonElement) => button.click()),
      rejects.evaluate((button: HTMLButtonElement) => button.click()),
    ]);
    const statuses = (await Promise.all(votes)).map((answer) => answer.status()).sort();
    expect(statuses[0]).toBe(200);
    const { state } = await (await ada.request.get(`${API}/recommendations/${id}`)).json();
    // Only a rejection that finds it approved and not yet sent counts too: it takes the approval back.
    expect([statuses[1] >= 400, state === 'revoked']).toContain(true);
    expect(state).not.toBe('pending');
    for (const decision of [first, second]) {
      await expect(decision).toHaveAttribute('data-state', /^(?!pending$)/);
    }
    // A vote is answered when it is committed: what follows from it goes on, and both windows follow.
    const states = () => Promise.all([first, second].map((decision) => decision.getAttribute('data-state')));
    await expect.poll(async () => new Set(await states()).size, { timeout: 30_000 }).toBe(1);
  });

  test('the exporter goes down and comes back: old figures with their age, then new ones', async ({
    browser,
    baseURL,
  }) => {
    const page = await as(browser, 'ada', baseURL);
    await page.goto(`${APP}/fleet`);
    const model = page.getByRole('link', { name: 'low-confidence', exact: true });
    await expect(model).toBeVisible();
    await stage('stop-exporter');
    await expect(page.getByText(/Not up to date/)).toBeVisible({ timeout: 60_000 });
    await expect(model).toBeVisible();
    const late = await as(browser, 'ada', baseURL);
    await late.goto(`${APP}/fleet`);
    await expect(late.getByText('The exporter cannot be reached')).toBeVisible();
    await stage('start-exporter');
    await late.getByRole('button', { name: 'Try again' }).click();
    await expect(late.getByRole('link', { name: 'low-confidence', exact: true })).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText(/Not up to date/)).toBeHidden({ timeout: 60_000 });
  });

  test('a wrong secret is named by the connection test', async ({ browser, baseURL }) => {
    const page = await as(browser, 'admin', baseURL);
    await page.goto('/plugins/mlfi-investigator-app');
    await page.getByRole('button', { name: 'Test the saved connection' }).click();
    await expect(page.getByText('Connected; you are Admin')).toBeVisible();
    await stage('wrong-secret');
    try {
      await page.getByRole('button', { name: 'Test the saved connection' }).click();
      await expect(page.getByText('Wrong shared secret')).toBeVisible();
    } finally {
      await stage('right-secret');
    }
  });

  test('menu links lead to the model or the incident, and are not there without one', async ({ page }) => {
    await page.goto(`/extensions?labels=${encodeURIComponent('{"model_name":"tabular"}')}`);
    await expect(page.getByRole('link', { name: 'Investigate model failure' })).toHaveAttribute(
      'href',
      `${APP}/models/tabular/incident`
    );
    await expect(page.getByRole('link', { name: 'Investigate model', exact: true })).toHaveAttribute(
      'href',
      `${APP}/models/tabular?from=now-1h&to=now`
    );
    await page.goto('/extensions');
    await expect(page.getByRole('button', { name: 'ML models: fleet' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Investigate model failure' })).toBeHidden();
    await page.getByRole('button', { name: 'ML models: decisions' }).click();
    await expect(page).toHaveURL(`${APP}/approvals`);
  });

  test('an alert that names its model leads to the open incident in one click', async ({ page }) => {
    const { incident_id } = await until(page, 'low-confidence', isOpen, 120_000);
    await page.goto(`${APP}/models/low-confidence/incident?from=now-1h&to=now`);
    await expect(page).toHaveURL(`${APP}/incidents/${incident_id}?from=now-1h&to=now`);
  });
});
