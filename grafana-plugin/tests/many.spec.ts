import { expect, test } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { API, APP, models } from './stage';

const LONG_NAME = 'a-very-long-name-'.repeat(7);

/** Longest time in which the page answered nothing, milliseconds: the browser's own record of tasks over 50 ms. */
async function longestFreezeOf(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => resolve(Math.max(0, ...list.getEntries().map(({ duration }) => duration)))).observe({ type: 'longtask', buffered: true });
        setTimeout(() => resolve(0), 500);
      })
  );
}

test('500 models: the first page can be used at once, wide and narrow', async ({ page }) => {
  const [model] = await models(page);
  const many = Array.from({ length: 500 }, (_, index) => ({ ...model, id: `model-${index}`, name: index === 7 ? LONG_NAME : `model-${index}`, incident_id: null, severity: 'none' }));
  let answeredAt = 0;
  await page.route(`**${API}/models`, async (route) => {
    await route.fulfill({ json: { models: many } });
    answeredAt ||= Date.now();
  });
  await page.goto(`${APP}/fleet`);
  await expect(page.getByText('500 of 500 models')).toBeVisible();
  console.log(`500 models: interactive ${Date.now() - answeredAt} ms after the answer, longest freeze ${Math.round(await longestFreezeOf(page))} ms`);
  await page.getByRole('textbox').fill('model-499');
  await expect(page.getByText('1 of 500 models')).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('textbox').fill('a-very-long');
  await expect(page.getByText('1 of 500 models')).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test('200 features: the page of the model can be used, wide and narrow', async ({ page }) => {
  const { id } = (await models(page)).find(({ baseline }) => baseline.state !== 'learning') ?? (await models(page))[0];
  const detail = await (await page.request.get(`${API}/models/${id}`)).json();
  const { signals } = await (await page.request.get(`${API}/models/${id}/distributions`)).json();
  const [like] = signals;
  const name = (index: number) => `feature:${index === 7 ? LONG_NAME : `f${index}`}`;
  const wide = Array.from({ length: 200 }, (_, index) => ({ ...like, signal: name(index) }));
  const findings = Array.from({ length: 200 }, (_, index) => ({
    detector: 'numeric-drift', subject: name(index), kind: 'data', direction: 'up', statistic: { name: 'psi', value: 0.4 }, threshold: 0.25, pValue: 0.001,
    effect: { measure: 'standard-deviations', value: 0.7, interval: { low: 0.6, high: 0.8, level: 0.95 } }, statistics: [], before: 1, now: 2,
    window: { fromMs: Date.now() - 60_000, toMs: Date.now(), samples: 400 }, baselineSamples: 400, sentence: `\`f${index}\` moved.`,
  }));
  let answeredAt = 0;
  await page.route(`**${API}/models/${id}`, async (route) => {
    await route.fulfill({ json: { ...detail, findings } });
    answeredAt ||= Date.now();
  });
  await page.route(`**${API}/models/${id}/distributions`, (route) => route.fulfill({ json: { signals: wide } }));
  await page.goto(`${APP}/models/${id}`);
  const drift = page.getByRole('region', { name: 'What differs from the baseline' });
  await expect(drift.getByRole('row')).toHaveCount(21, { timeout: 30_000 });
  await drift.getByRole('button', { name: 'Show all 200' }).click();
  await expect(page.getByText('f199').first()).toBeAttached({ timeout: 30_000 });
  console.log(`200 features: shown ${Date.now() - answeredAt} ms after the answer, longest freeze ${Math.round(await longestFreezeOf(page))} ms`);
  for (const width of [1400, 390]) {
    await page.setViewportSize({ width, height: 844 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `${width} pixels wide`).toBeLessThanOrEqual(0);
  }
  await page.getByRole('textbox', { name: /features/ }).fill('f199');
  await expect(page.getByRole('region', { name: 'Baseline against now' }).getByText('f199', { exact: true })).toBeVisible();
});
