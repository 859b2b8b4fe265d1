import { expect, test, type Browser, type Locator, type Page } from '@playwright/test';

export const APP = '/a/mlfi-investigator-app';
export const API = '/api/plugin-proxy/mlfi-investigator-app/api/v1';

/** True where only a real Grafana is there and nothing of the stage can be steered. */
export const ON_GRAFANA = process.env.GRAFANA_URL !== undefined;

/** Tells the stage to do something, e.g. `fail` or `stop-exporter`. Only in tests tagged `@stage`. */
export async function stage(act: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${Number(process.env.HOST_PORT ?? 3999) + 1}/${act}`, {
    method: 'POST',
  });
  expect(answer.ok, `${act}: ${answer.status}`).toBe(true);
  return answer.json();
}

/** A browser window of its own for one person of the stage. */
export async function as(
  browser: Browser,
  login: 'ada' | 'grace' | 'vic' | 'admin',
  baseURL: string | undefined
): Promise<Page> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1400, height: 900 } });
  const signedIn = await context.request.post('/login', { data: { user: login, password: login } });
  expect(signedIn.ok()).toBe(true);
  return context.newPage();
}

/** Which Grafana's packages the page runs on is what the project says; a front end that is not installed would be another one. */
export async function expectFrontEnd(page: Page) {
  const version = await page.evaluate(
    () =>
      (window as unknown as { grafanaBootData: { settings: { buildInfo: { version: string } } } }).grafanaBootData
        .settings.buildInfo.version
  );
  const wanted: Record<string, RegExp> = { 'react-19': /^13\./, 'react-18': /^12\.4\./ };
  expect(version, 'npm ci --prefix host/react-18 --ignore-scripts').toMatch(wanted[test.info().project.name] ?? /./);
}

/** Gives the reason of a vote in the dialog that opens when its button is pressed. */
export async function voteIn(page: Page, decision: Locator, verdict: 'Approve' | 'Reject', reason: string) {
  await decision.getByRole('button', { name: verdict, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: verdict, exact: true }).click();
}

/** Opens what is folded in below the first action of an incident. */
export async function unfoldActions(page: Page) {
  const others = page.getByText(/^What else could be done/);
  await expect(others).toBeVisible();
  await others.click();
}

interface Model {
  id: string;
  name: string;
  state: string;
  cause: string | null;
  incident_id: string | null;
  total_samples: number;
  baseline: { state: string; version?: number };
}

export async function models(page: Page): Promise<Model[]> {
  return (await (await page.request.get(`${API}/models`)).json()).models;
}

/** Waits until a model fits. */
export async function until(
  page: Page,
  id: string,
  fits: (model: Model) => boolean,
  timeoutMs: number
): Promise<Model> {
  const fitting: Model[] = [];
  await expect
    .poll(
      async () => {
        fitting.push(...(await models(page).catch(() => [])).filter((model) => model.id === id && fits(model)));
        return fitting.length;
      },
      { timeout: timeoutMs, intervals: [500], message: `${id} never was as wanted` }
    )
    .toBeGreaterThan(0);
  return fitting[0];
}
