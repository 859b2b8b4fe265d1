import { expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { evaluatedWindow } from '../../../exporter/src/monitoring/evaluated-window.js';
import { RowBuffer } from '../../../exporter/src/monitoring/row-buffer.js';
import { Windows } from '../../../exporter/src/monitoring/windows.js';
import { alarmOf, baselineOf, observation } from '../detection/rows.js';

const CHANGED_MS = 1_000_000;
const WINDOW_MS = 300_000;

/** Calls that are judged where a change is found: a row a second since then, of which the newest are in memory. */
function callsJudged(since: number, inMemory: number, before = 0): number {
  const baseline = baselineOf([observation()]);
  const windows = new Windows(baseline.profile, WINDOW_MS, 0, [], 10);
  const rows = new RowBuffer(inMemory);
  for (let i = -before; i < since; i += 1) {
    const row = observation({ atMs: CHANGED_MS + 1_000 * i });
    windows.add({ rows: [{ row, judged: null }], labels: [] }, true);
    rows.push(row);
  }
  rows.trim();
  windows.trim(DEFAULT_THRESHOLDS.windowSamples);
  const monitor = {
    isAlarmed: true,
    hasRecovered: false,
    evidence: () => ({ ...alarmOf('feature:x', 'mix'), changeAtMs: CHANGED_MS }),
  };
  const memory = { forest: null, windowForest: null, rows: new RowBuffer(1) };
  return evaluatedWindow(
    { kind: 'admitted', baseline, stored: baseline, ...memory },
    rows,
    { windows, lost: { reachedMs: Infinity }, detectors: { monitor, normalSinceMs: null } },
    DEFAULT_THRESHOLDS,
    null,
  ).calls;
}

it('judges a change by all rows since, and by those in memory where the first have left it or were lost with a process', () => {
  expect(callsJudged(4_000, 5_000, 300)).toBe(4_000);
  expect(callsJudged(4_000, 900)).toBe(900);
  expect(callsJudged(9_000, 5_000)).toBe(5_000);
});

it('judges it by counts that are left where fewer rows than are judged otherwise have come since a restart', () => {
  expect(callsJudged(4_000, 50)).toBeGreaterThanOrEqual(DEFAULT_THRESHOLDS.windowSamples);
});
