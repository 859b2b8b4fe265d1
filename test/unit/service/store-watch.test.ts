import { expect, it } from 'vitest';
import { StoreWatch } from '../../../exporter/src/service/store-watch.js';

it('answers within a second, with what was seen last where the store does not, and asks it once at a time', async () => {
  const seen: boolean[] = [];
  const answers: ((error: Error | null) => void)[] = [];
  let away: string | null = null;
  const watch = new StoreWatch(
    {
      awayBecause: () => away,
      check: () =>
        new Promise((resolve, reject) => void answers.push((error) => (error === null ? resolve() : reject(error)))),
    },
    { storeUp: (up) => void seen.push(up) },
  );
  const before = performance.now();
  expect(await Promise.all([watch.problem(), watch.problem()])).toEqual([null, null]);
  expect(performance.now() - before).toBeLessThan(1_500);
  expect(answers).toHaveLength(1);
  answers[0]?.(new Error('the disk is full'));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(await watch.problem()).toBe('the disk is full');
  expect([seen, watch.hasChanged()]).toEqual([[false], true]);
  away = 'the database does not answer';
  expect([await watch.problem(), answers.length, watch.hasChanged()]).toEqual([away, 2, false]);
});
