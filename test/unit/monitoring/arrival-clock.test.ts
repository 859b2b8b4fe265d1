import { expect, it } from 'vitest';
import { ArrivalClock } from '../../../exporter/src/monitoring/arrival-clock.js';

it('tells what comes in the moment of a cut, or with a clock set back, from what came before', () => {
  const arrivals = new ArrivalClock(null);
  expect(arrivals.at(1_000)).toBe(1_000);
  expect(arrivals.cut()).toBe(1_000);
  expect(arrivals.at(1_000)).toBeGreaterThan(1_000);
  expect(arrivals.at(400)).toBeGreaterThan(1_000);
});
