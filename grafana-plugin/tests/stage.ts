import { expect, type Browser, type Page } from '@playwright/test';

export const APP = '/a/mlfi-investigator-app';
export const API = '/api/plugin-proxy/mlfi-investigator-app/api/v1';
/** True where only a real Grafana is there and nothing of the stage can be steered. */
export const ON_GRAFANA = process.env.GRAFANA_URL !== undefined;

/** Tells the stage to do something, e.g. `fail` or `stop-exporter`. */
export async function stage(act: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${Number(process.env.HOST_PORT ?? 3999) + 1}/${act}`, { method: 'POST' });
  expect(answer.ok, `${act}: ${answer.status}`).toBe(true);
  return answer.json();
}

/** A browser window of its own for one person. */
export async function as(browser: Browser, login: 'ada' | 'grace' | 'vic' | 'admin', baseURL: string | undefined): Promise<Page> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1400, height: 900 } });
  const signedIn = await context.request.post('/login', { data: { user: login, password: login } });
  expect(signedIn.ok()).toBe(true);
  return context.newPage();
}

export async function models(page: Page): Promise<Array<{ id: string; state: string; cause: string | null; incident_id: string | null; baseline: { state: string } }>> {
  return (await (await page.request.get(`${API}/models`)).json()).models;
}

/** Waits until a model fits. */
export async function until(page: Page, id: string, fits: (model: Awaited<ReturnType<typeof models>>[number]) => boolean, timeoutMs: number) {
  await expect.poll(async () => (await models(page)).some((model) => model.id === id && fits(model)), { timeout: timeoutMs, intervals: [500] }).toBe(true);
  const found = (await models(page)).find((model) => model.id === id);
  if (found === undefined) {
    throw new Error(`${id} is gone`);
  }
  return found;
}
