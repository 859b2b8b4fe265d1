import { expect, it } from 'vitest';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { RowAnalysisSchedule } from '../../../exporter/src/evaluation/row-analysis-schedule.js';
import type { NOTHING_TO_ANALYSE } from '../../../exporter/src/rca/row-analysis.js';
import { evaluation } from '../incidents/fixtures.js';
import { observation, stateOf } from '../detection/rows.js';

it('tells what fails beside the evaluation of a quiet model, which it does not end', async () => {
  const told: unknown[] = [];
  const note = (fields: object): void => void told.push(fields);
  const logger = { debug: note, info: note, warn: note, error: note };
  const clock = { now: () => 1e12, sleep: () => Promise.reject(new Error('the clock stopped')) };
  const analyseRows = () => new Promise<typeof NOTHING_TO_ANALYSE>(() => undefined);
  const schedule = new RowAnalysisSchedule({ analyseRows, logger, clock }, new AbortController().signal);
  const quiet = { ...evaluation('none', false), symptoms: { features: [] } } as unknown as Evaluation;
  const state = stateOf(null, [observation({})]);
  expect(await schedule.evaluate(state, null, () => quiet, 1e12)).toBe(quiet);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toContainEqual({ model: state.model.id, error: 'Error: the clock stopped' });
});
