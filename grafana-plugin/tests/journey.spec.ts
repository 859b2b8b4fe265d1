import { expect, test } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { API, APP, as, expectFrontEnd, stage, until, voteIn } from './stage';

test.describe.configure({ mode: 'serial' });

const isNamed = ({ cause, incident_id }: { cause: string | null; incident_id: string | null }) =>
  incident_id !== null && (cause === 'unit-change' || cause === 'input-drift');

const isLearnt = ({ baseline }: { baseline: { state: string } }) => baseline.state !== 'learning';

/**
 * Waits for the baseline of the stage's model: a new one where it has failed before. The more is known of normal, the longer
 * it takes to be sure that a failure is over.
 */
async function learnt(page: Page) {
  const { baseline } = await until(page, 'tabular', isLearnt, 120_000);
  const { incidents } = await (await page.request.get(`${API}/incidents?model=tabular`)).json();
  if (incidents.length > 0) {
    expect(
      (await page.request.post(`${API}/models/tabular/baseline/reset`, { data: { reason: 'a new journey' } })).ok()
    ).toBe(true);
  }
  return until(
    page,
    'tabular',
    (model) => isLearnt(model) && (incidents.length === 0 || model.baseline.version !== baseline.version),
    120_000
  );
}

/** Breaks the model of the stage and waits for the page's link to have somewhere to lead. */
async function broken(page: Page): Promise<string> {
  await stage('fail');
  const { incident_id } = await until(page, 'tabular', isNamed, 120_000);
  return `${APP}/incidents/${incident_id}`;
}

test('connect a model by its address, and see it learn @stage', async ({ browser, baseURL }) => {
  const page = await as(browser, 'ada', baseURL);
  const { base } = (await stage('model-address')) as { base: string };
  await page.goto(`${APP}/connect`);
  const address = page.getByLabel('Address of the model');
  await address.fill('ftp://nowhere');
  await expect(page.getByText('An address starts with http:// or https://')).toBeVisible();
  await address.fill(`${base}/no-such-model/predict`);
  await page.getByRole('button', { name: 'Find out how to ask it' }).click();
  await expect(page.getByRole('region', { name: 'No model answered' })).toBeVisible({ timeout: 60_000 });
  await address.fill(`${base}/healthy/predict`);
  await page.getByRole('button', { name: 'Find out how to ask it' }).click();
  await expect(page.getByText('Found: Rest')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/One real answer/)).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('Support mood');
  await page.getByLabel('Owner').fill('support');
  await page.getByLabel('Seconds between rounds').fill('1');
  await page.getByRole('button', { name: 'Watch this model' }).click();
  await page.getByRole('link', { name: 'Open the model' }).click();
  await expect(page.getByRole('heading', { name: 'Support mood' })).toBeVisible();
  await page.goto(`${APP}/fleet`);
  await expect(page.getByRole('link', { name: 'Support mood' })).toBeVisible();
});

test('a model behind a key: without a scheme, a 401 asks for the key, and a name that is taken is told @stage', async ({
  browser,
  baseURL,
}) => {
  const page = await as(browser, 'ada', baseURL);
  const { host, key } = (await stage('guarded-model')) as { host: string; key: string };
  await page.goto(`${APP}/connect`);
  await page.getByLabel('Address of the model').fill(`${host}/predict`);
  const find = page.getByRole('button', { name: 'Find out how to ask it' });
  await expect(find).toBeEnabled();
  await find.click();
  await expect(page.getByText('The model wants a key (401)')).toBeVisible({ timeout: 60_000 });
  await page.getByLabel('Key, as the header takes it').fill(`Bearer ${key}`);
  await find.click();
  await expect(page.getByText('Found: Rest')).toBeVisible({ timeout: 60_000 });
  await page.getByLabel('Name', { exact: true }).fill('healthy');
  await page.getByRole('button', { name: 'Watch this model' }).click();
  await expect(page.getByText('This name is taken')).toBeVisible({ timeout: 60_000 });
  await page.getByLabel('Name', { exact: true }).fill('Guarded mood');
  await page.getByRole('button', { name: 'Watch this model' }).click();
  await page.getByRole('link', { name: 'Open the model' }).click();
  await expect(page.getByRole('heading', { name: 'Guarded mood' })).toBeVisible();
  const detail = await (await page.request.get(`${API}/models/guarded-mood`)).text();
  expect(detail).not.toContain(key);
});

test('fail, follow the page, understand, approve by two people, carried out, verified @stage @every-host', async ({
  browser,
  baseURL,
}) => {
  test.setTimeout(600_000);
  const ada = await as(browser, 'ada', baseURL);
  const grace = await as(browser, 'grace', baseURL);
  const { total_samples } = await learnt(ada);
  // Some normal traffic after the baseline, to be told from the failure.
  await until(ada, 'tabular', (model) => model.total_samples > total_samples + 200, 60_000);
  const before = ((await stage('carried-out')) as unknown[]).length;

  await ada.goto(await broken(ada));
  await expectFrontEnd(ada);
  await expect(ada.getByTestId('mlfi-headline')).toContainText('hours-per-week', { timeout: 30_000 });
  await expect(ada.getByRole('region', { name: 'Why' })).toContainText('What decided it');
  const decision = ada.getByTestId('decision-fix-pipeline').first();
  await expect(decision).toHaveAttribute('data-state', 'pending', { timeout: 30_000 });
  await decision.getByText('Reasons and dry run').click();
  await expect(decision.getByText('Dry run', { exact: true })).toBeVisible();
  await voteIn(ada, decision, 'Approve', 'Upstream confirmed the unit change');
  await expect(decision.getByText('1 of 2 approvals')).toBeVisible();
  await expect(decision.getByText('You have voted; another person has to.')).toBeVisible();

  await expect(decision).toBeFocused();

  await grace.goto('/panel/mlfi-approval-panel?var-model_name=tabular');
  await voteIn(grace, grace.getByTestId('decision-fix-pipeline').first(), 'Approve', 'Seconded');
  await expect(decision.getByText(/Execution by webhook: taken by the receiver/)).toBeVisible({ timeout: 30_000 });
  expect((await stage('carried-out')) as unknown[]).toHaveLength(before + 1);

  await expect(decision.getByText(/Verification: helped/)).toBeVisible({ timeout: 300_000 });
  await expect(ada.getByText('Closed', { exact: true }).first()).toBeVisible({
    timeout: 60_000,
  });

  await ada.goto(`${APP}/audit`);
  await ada.getByRole('button', { name: 'Verify now' }).click();
  await expect(ada.getByText(/Intact: \d+ entries/)).toBeVisible();
  await ada.getByLabel('Search the log').fill('Upstream confirmed');
  await expect(ada.getByRole('table')).toContainText('Ada Lovelace');
});

test('remembered: when it fails again, what helped is shown with how often it did @stage', async ({
  browser,
  baseURL,
}) => {
  test.setTimeout(240_000);
  const ada = await as(browser, 'ada', baseURL);
  const [lesson] = (await (await ada.request.get(`${API}/lessons`)).json()).lessons;
  expect(lesson.actions).toContainEqual({ action: 'fix-pipeline', outcome: 'recovered' });
  await ada.goto(await broken(ada));
  await expect(ada.getByRole('region', { name: 'Similar incidents and what helped' })).toContainText(
    'Fix the data pipeline: recovered',
    { timeout: 60_000 }
  );
  const decision = ada.getByTestId('decision-fix-pipeline').first();
  await expect(decision.getByText(/Helped (\d+) of \1 times in similar incidents/)).toBeVisible();
});
