import { describe, expect, it } from 'vitest';
import { detect } from '../../../exporter/src/detection/detect.js';
import { growForestBaseline } from '../../../exporter/src/detection/forest-baseline.js';
import { assessRows } from '../../../exporter/src/detection/row-anomaly.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, observation } from './rows.js';
import { rowsOf, stateOf, type Case } from '../rca/evaluated-case.js';

/** Why unusual rows cannot be told, when there is no forest of the baseline. */
function reasonOf(made: Case): string | undefined {
  const { rowAnomaly } = detect(stateOf(made), DEFAULT_THRESHOLDS, 1_000);
  return rowAnomaly.verdict === 'unknown' ? rowAnomaly.reason : undefined;
}

describe('why unusual rows cannot be told', () => {
  it('is said as it is, and not guessed', () => {
    const bare = rowsOf('bare', 600).map((row) => ({ ...row, features: null }));
    expect(reasonOf({ withBaseline: false })).toBe('there is no baseline yet');
    expect(reasonOf({ baselineRows: bare, rows: bare.slice(0, 200) })).toBe(
      'no call of the baseline came with features',
    );
    expect(reasonOf({ withBaselineRows: false })).toMatch(
      /gone since the model was last read from the store, as at a start$/,
    );
    expect(reasonOf({})).toBe('the rows of the baseline are too few, or too much alike');
  });

  it('and neither is why accuracy cannot', () => {
    const spot = detect(stateOf({}), DEFAULT_THRESHOLDS, 1_000).blindSpots.find(({ check }) => check === 'accuracy');
    expect(spot?.reason).toBe('none of the 200 calls in the window has a label; at least 30 are needed');
  });
});

it.each([
  [0, 5],
  [3, 5],
  [0, 10],
])('finds probes usual whose golden ones come from the %ith on of %i questions over and over', (from, period) => {
  const random = seededRandom(`probes ${period}`);
  const rows = Array.from({ length: 460 }, (_, i) => {
    const place = (i % period) - from;
    const isGolden = place >= 0 && place < period / 5;
    const near = (value: number): number => (isGolden ? value : Math.round(value * (0.9 + 0.2 * random.next())));
    return observation({ atMs: i, features: { age: near(38), income: near(42_000) } });
  });
  const [baselineRows, now] = [rows.slice(0, 230), rows.slice(230)];
  const baseline = baselineOf(baselineRows);
  const forest = growForestBaseline(baselineRows, baseline.profile, seededRandom(1));
  const state = { forest, rows: now, baseline, baselineRows };
  expect(assessRows(state, DEFAULT_THRESHOLDS)).toMatchObject({ verdict: 'usual', rows: 230 });
});

it('finds nothing unusual about what mlfi itself sends, however few rows of the baseline draw the line', () => {
  const rows = (from: number, source: 'probe' | 'ingest') =>
    Array.from({ length: 60 }, (_, i) =>
      observation({ atMs: i, source, features: { age: from + (i % 17), n: i % 5 } }),
    );
  const baselineRows = rows(20, 'probe');
  const baseline = baselineOf(baselineRows);
  const forest = growForestBaseline(baselineRows, baseline.profile, seededRandom(1));
  const verdictOf = (now: ReturnType<typeof rows>): string =>
    assessRows({ forest, rows: now, baseline, baselineRows }, DEFAULT_THRESHOLDS).verdict;
  expect(verdictOf(rows(60, 'ingest'))).toBe('unusual');
  expect(verdictOf(rows(60, 'probe'))).toBe('unknown');
});
