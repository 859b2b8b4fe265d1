import { describe, expect, it } from 'vitest';
import { detect } from '../../../exporter/src/detection/detect.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
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
