import { expect, test } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { API, APP, models } from './stage';

const LONG_NAME = 'a-very-long-name-'.repeat(7);

/** Longest time in which the page answered nothing, milliseconds: the browser's own record of tasks over 50 ms. */
async function longestFreezeOf(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) =>
          resolve(Math.max(0, ...list.getEntries().map(({ duration }) => duration)))
        ).observe({ type: 'longtask', buffered: true });
        setTimeout(() => resolve(0), 500);
      })
  );
}

test('1,000 models: the first page can be used at once, wide and narrow', async ({ page }) => {
  const [model] = await models(page);
  const many = Array.from({ length: 1_000 }, (_, index) => ({
    ...model,
    id: `model-${index}`,
    name: index === 7 ? LONG_NAME : `model-${index}`,
    incident_id: null,
    severity: 'none',
  }));
  let answeredAt = 0;
  await page.route(`**${API}/models`, async (route) => {
    await route.fulfill({ json: { models: many } });
    answeredAt ||= Date.now();
  });
  await page.goto(`${APP}/fleet`);
  await expect(page.getByText('1000 of 1000 models')).toBeVisible();
  console.log(
    `1,000 models: interactive ${Date.now() - answeredAt} ms after the answer, longest freeze ${Math.round(await longestFreezeOf(page))} ms`
  );
  await page.getByPlaceholder('Search models').fill('model-999');
  await expect(page.getByText('1 of 1000 models')).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByPlaceholder('Search models').fill('a-very-long');
  await expect(page.getByText('1 of 1000 models')).toBeVisible();
  // The menu folds away a moment after the window is narrow.
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
    .toBeLessThanOrEqual(0);
});
