import { describe, expect, it } from 'vitest';
import { RecentIntake } from '../../../exporter/src/monitoring/recent-intake.js';
import { unfamiliarRows } from '../../../exporter/src/monitoring/unfamiliar-rows.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, detectIn, observation, quietRow, stateOf } from '../detection/rows.js';

const random = seededRandom('unfamiliar');
const quiet = Array.from({ length: 100 }, (_, i) => quietRow(random, i));
const described = quiet.map((row) => ({ ...row, features: { 'comment.length': 12, 'comment.words': 3 } }));
const row = (features: Record<string, number | string | null> | null) => observation({ features });

describe('rows of which the baseline knows no input', () => {
  it('are told with both kinds of names, and counted', () => {
    const note = unfamiliarRows(baselineOf(quiet), [
      row({ n0: 1, x: 2 }),
      row(null),
      row({ income_eur: 1, age_years: 2 }),
      row({ income_eur: 3, age_years: null }),
    ]);
    expect(note).toMatchObject({ reason: 'inputs_unknown', rows: 2, line: 3, field: 'features' });
    expect(note?.message).toContain('none of the inputs sent (`income_eur`, `age_years`)');
    expect(note?.message).toContain('learnt with (`c0`, `c1`, `c2`, `c3`, `c4` and 15 more)');
  });

  it('are no others: not with one known input, not by a text that is counted in parts, not without any, not before anything is learnt', () => {
    expect(unfamiliarRows(baselineOf(quiet), [row({ n3: 1, other: 2 }), row(null), row({})])).toBeNull();
    expect(unfamiliarRows(baselineOf(described), [row({ comment: 'all is well' })])).toBeNull();
    expect(unfamiliarRows(baselineOf(quiet.map((one) => ({ ...one, features: null }))), [row({ a: 1 })])).toBeNull();
    expect(unfamiliarRows(null, [row({ a: 1 })])).toBeNull();
  });

  it('are a blind spot until rows come with the names that were learnt', () => {
    const intake = new RecentIntake();
    const told = () =>
      detectIn(stateOf(quiet, quiet, { intake: intake.summary({ late: 0, lost: 0 }) })).blindSpots.filter(
        ({ check }) => check === 'inputs under new names',
      );
    const batch = (rows: readonly (typeof quiet)[number][]) => {
      const note = unfamiliarRows(baselineOf(quiet), rows);
      return { observations: rows, labels: [], rejected: 0, rejectedByReason: {}, notes: note === null ? [] : [note] };
    };
    intake.add(batch([row({ a: 1 }), row({ a: 2 })]), 1_000);
    expect(told()).toHaveLength(1);
    expect(told()[0]?.reason).toContain('none of the inputs sent (`a`)');
    intake.add(batch(quiet), 2_000);
    expect(told()).toEqual([]);
  });
});
