import { expect, it } from 'vitest';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { Schedules } from '../../../exporter/src/system/schedules.js';

it('goes on after a failure, and stops only when the work in hand is done', async () => {
  const problems: unknown[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields: unknown) => void problems.push(fields),
  };
  const schedules = new Schedules(systemClock, logger);
  let begun = 0;
  let ended = 0;
  schedules.every(1, async () => {
    begun += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended += 1;
    if (ended === 1) throw new Error('first');
  });
  while (begun < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await schedules.stop();
  expect(ended).toBe(begun);
  expect(problems).toEqual([{ error: 'Error: first' }]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(begun).toBe(ended);
});
