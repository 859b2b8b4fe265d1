import { expect, it } from 'vitest';
import { EvaluationPace } from '../../../exporter/src/monitoring/evaluation-pace.js';

/** How far time may run at each of the next evaluations. */
const limits = (pace: EvaluationPace, evaluations: number): number[] =>
  Array.from({ length: evaluations }, () => {
    pace.begins(true);
    return pace.untilMs;
  });

it('stops where something is found until that was seen, and then runs on by steps that double', () => {
  const pace = new EvaluationPace();
  expect(pace.untilMs).toBe(Infinity);
  pace.found(0);
  expect(limits(pace, 4)).toEqual([0, 60_000, 180_000, 420_000]);
  pace.begins(false);
  expect(pace.untilMs).toBe(Infinity);
});

it('stops where that is normal again, and runs on by minutes while its incident closes', () => {
  const pace = new EvaluationPace();
  pace.found(0);
  limits(pace, 5);
  expect(pace.recovered(600_000)).toBe(true);
  const minutes = [0, 1, 2, 3, 4, 5, 6, 8, 12].map((minute) => 600_000 + 60_000 * minute);
  expect(limits(pace, minutes.length)).toEqual(minutes);
});

it('does not stop time and again for a signal on the verge of normal', () => {
  const pace = new EvaluationPace();
  pace.found(0);
  expect([1, 2, 3, 4].map((minute) => pace.recovered(60_000 * minute))).toEqual([true, true, true, false]);
  expect(pace.untilMs).toBe(180_000);
  pace.found(600_000);
  expect(pace.recovered(660_000)).toBe(true);
});
