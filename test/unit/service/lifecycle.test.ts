import { expect, it } from 'vitest';
import { Lifecycle } from '../../../exporter/src/service/lifecycle.js';

function lifecycle(): { lifecycle: Lifecycle; ready: boolean[]; logged: unknown[] } {
  const ready: boolean[] = [];
  const logged: unknown[] = [];
  const log = (fields: object, message: string): void => void logged.push({ ...fields, message });
  const logger = { debug: log, info: log, warn: log, error: log };
  return { lifecycle: new Lifecycle({ ready: (is) => void ready.push(is) }, logger), ready, logged };
}
const up = (): Promise<null> => Promise.resolve(null);

it('takes no request before it is restored, nor once it stops, and says why', async () => {
  const { lifecycle: life, ready, logged } = lifecycle();
  expect(life.closedBecause()).toContain('starting');
  life.restored(340, 1_000);
  expect(life.closedBecause()).toContain('340 of 1000');
  expect(await life.notReadyBecause(up)).toContain('340 of 1000');
  life.running(0);
  expect(life.closedBecause()).toBeNull();
  expect(await life.notReadyBecause(up)).toBeNull();
  expect(await life.notReadyBecause(() => Promise.resolve('the store cannot be used: the disk is full'))).toBe(
    'the store cannot be written now (the disk is full)',
  );
  for (let asked = 0; asked < 2; asked += 1) expect(await life.notReadyBecause(up)).toBeNull();
  expect(logged.filter((line) => JSON.stringify(line).includes('can be written again'))).toHaveLength(1);
  life.stopping();
  expect(life.closedBecause()).toContain('stopping');
  expect(ready).toEqual([false, true, true, false, true, true, false]);
});

it('is not ready again when the store answers only after the stop began', async () => {
  const { lifecycle: life, ready } = lifecycle();
  life.running(0);
  const asked = life.notReadyBecause(async () => {
    await Promise.resolve();
    life.stopping();
    return null;
  });
  expect(await asked).toContain('stopping');
  expect(ready.at(-1)).toBe(false);
});

it('says how many models it watches, those of the configuration file among them', () => {
  const { lifecycle: life, logged } = lifecycle();
  life.running(1);
  expect(logged.at(-1)).toEqual({ models: 1, message: 'ready' });
});

it('tells the progress of 1,000 models in few lines, the last one always', () => {
  const { lifecycle: life, logged } = lifecycle();
  for (let done = 1; done <= 1_000; done += 1) life.restored(done, 1_000);
  expect(logged.length).toBeLessThan(10);
  expect(logged.at(-1)).toMatchObject({ done: 1_000, total: 1_000 });
});
