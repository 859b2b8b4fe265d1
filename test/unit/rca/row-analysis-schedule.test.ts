import { expect, test } from 'vitest';
import type { RowAnalysis } from '../../../exporter/src/domain/row-analysis.js';
import { RowAnalysisSchedule } from '../../../exporter/src/evaluation/row-analysis-schedule.js';
import { NOTHING_TO_ANALYSE } from '../../../exporter/src/rca/row-analysis.js';
import { QUIET_LOGGER } from '../monitoring/fleet-on-memory.js';
import { evaluated, failed, rowsOf, stateOf } from './evaluated-case.js';

const CASE = { rows: [...rowsOf('now', 100), ...Array.from({ length: 100 }, () => failed('http_5xx', 500))] };
const FOUND: RowAnalysis = { ...NOTHING_TO_ANALYSE, surrogate: null };

test('an evaluation goes on without an analysis that does not come, begins no second one, and uses it once it is there', async () => {
  const begun: ((found: RowAnalysis) => void)[] = [];
  const schedule = new RowAnalysisSchedule(
    {
      analyseRows: () => new Promise((resolve) => begun.push(resolve)),
      logger: QUIET_LOGGER,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
    },
    new AbortController().signal,
  );
  const evaluation = evaluated(CASE);
  expect(evaluation.findings.length).toBeGreaterThan(0);
  for (let round = 0; round < 3; round += 1)
    expect(await schedule.evaluate(stateOf(CASE), evaluation, () => evaluation, round * 60_000)).toBe(evaluation);
  expect(begun).toHaveLength(1);
  expect(schedule.analysis).toBe(NOTHING_TO_ANALYSE);
  begun[0]?.(FOUND);
  await new Promise((resolve) => setImmediate(resolve));
  expect(schedule.analysis).toBe(FOUND);
});

test('what takes long is done less often: an analysis is run a tenth of the time at most', async () => {
  let analyses = 0;
  let spentMs = 0;
  const schedule = new RowAnalysisSchedule(
    {
      analyseRows() {
        analyses += 1;
        spentMs += 50;
        return Promise.resolve(FOUND);
      },
      logger: QUIET_LOGGER,
      clock: { now: () => spentMs, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()) },
    },
    new AbortController().signal,
  );
  const evaluation = evaluated(CASE);
  for (const nowMs of [1_000, 1_100, 1_400])
    await schedule.evaluate(stateOf(CASE), evaluation, () => evaluation, nowMs);
  expect(analyses).toBe(1);
  await schedule.evaluate(stateOf(CASE), evaluation, () => evaluation, 60_000);
  expect(analyses).toBe(2);
});
