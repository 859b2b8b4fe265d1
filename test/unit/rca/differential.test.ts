import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { answerBands } from '../../../exporter/src/rca/differential/answer-bands.js';
import { exchangedLabels } from '../../../exporter/src/rca/differential/exchanged-labels.js';
import { labelAssociation } from '../../../exporter/src/rca/differential/label-association.js';
import { lostSegment } from '../../../exporter/src/rca/differential/lost-segment.js';
import { precisionLoss } from '../../../exporter/src/rca/differential/precision-loss.js';
import { sameHour } from '../../../exporter/src/rca/differential/same-hour.js';
import { swappedPair } from '../../../exporter/src/rca/repair/swapped-pair.js';
import { differentialOfRows } from '../../../exporter/src/rca/differential/index.js';
import { changedSegments } from '../../../exporter/src/rca/segments/changed-segments.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { profileOf } from '../detection/rows.js';
import { BASELINE_ROWS, failed, evaluated, rowsOf } from './evaluated-case.js';

const BASELINE = profileOf(BASELINE_ROWS);
const numeric = ['n1', 'n2', 'n4', 'n5'];
const withFeatures = (row: Observation, changed: Record<string, number | string | null>): Observation => ({
  ...row,
  features: { ...row.features, ...changed },
});
const windowOf = (change: (row: Observation, i: number) => Observation, seed = 'now') =>
  profileOf(rowsOf(seed, 300).map(change), BASELINE);

const groupsOf = (rows: readonly Observation[], before: readonly Observation[]) =>
  differentialOfRows([], rows, before, changedSegments(rows, before));

describe('contrasts', () => {
  it('stay silent while nothing changes: at most one of 60 quiet windows each', () => {
    const fired = { swapped: 0, precision: 0, lost: 0, group: 0, leak: 0 };
    for (let seed = 0; seed < 60; seed += 1) {
      const random = seededRandom(`labels ${seed}`);
      const labelled = (row: Observation): Observation => ({
        ...row,
        label: random.next() < 0.8 ? row.prediction : 'other',
      });
      const rows = rowsOf(`quiet ${seed}`, 300).map(labelled);
      const before = BASELINE_ROWS.map(labelled);
      const window = profileOf(rows, BASELINE);
      if (swappedPair(numeric, BASELINE, window) !== null) fired.swapped += 1;
      if (precisionLoss(numeric, BASELINE, window) !== null) fired.precision += 1;
      if (lostSegment(BASELINE, window) !== null) fired.lost += 1;
      // The segment search has its own 100 quiet windows in segments/changed-segments.test.ts.
      if (seed < 8 && groupsOf(rows, before).errorsBySegment !== null) fired.group += 1;
      const leak = labelAssociation(rows, before);
      if (leak !== null && leak.now - leak.before > 0.3) fired.leak += 1;
    }
    for (const count of Object.values(fired)) expect(count).toBeLessThanOrEqual(1);
  });

  it('find two swapped columns', () => {
    // A log-normal one for one around 50: nothing else looks like the other's past.
    const window = windowOf((row) => withFeatures(row, { n0: Number(row.features?.n1), n1: Number(row.features?.n0) }));
    expect(swappedPair(['n0', 'n1', 'n2'], BASELINE, window)?.features.toSorted()).toEqual(['n0', 'n1']);
  });

  it('tell rounding and capping, and leave a change of unit alone', () => {
    const number = (row: Observation): number => Number(row.features?.n1);
    expect(
      precisionLoss(
        ['n1'],
        BASELINE,
        windowOf((row) => withFeatures(row, { n1: Math.floor(number(row) / 10) * 10 })),
      ),
    ).toMatchObject({ feature: 'n1', kind: 'rounded' });
    expect(
      precisionLoss(
        ['n1'],
        BASELINE,
        windowOf((row) => withFeatures(row, { n1: Math.min(50, number(row)) })),
      ),
    ).toMatchObject({ feature: 'n1', kind: 'capped' });
    expect(
      precisionLoss(
        ['n1'],
        BASELINE,
        windowOf((row) => withFeatures(row, { n1: number(row) * 100 })),
      ),
    ).toBeNull();
    expect(
      precisionLoss(
        ['n1'],
        BASELINE,
        windowOf((row) => withFeatures(row, { n1: number(row) / 100 })),
      ),
    ).toBeNull();
  });

  it('find the group that stopped coming', () => {
    const rows = rowsOf('now', 500).filter((row) => row.features?.c1 !== 'a');
    expect(lostSegment(BASELINE, profileOf(rows, BASELINE))).toMatchObject({ predicate: 'c1 = a' });
  });

  it('find the group whose calls fail', () => {
    const rows = rowsOf('now', 300).map((row) =>
      row.features?.c2 === 'b' ? { ...failed('http_5xx'), features: row.features } : row,
    );
    expect(groupsOf(rows, BASELINE_ROWS).failuresBySegment).toMatchObject({
      predicate: 'c2 = b',
      inside: 1,
      outside: 0,
      contribution: 1,
    });
  });

  it('find the group of two conditions in which the answers went wrong, and how the rest fares', () => {
    const right = (row: Observation): Observation => ({ ...row, label: row.prediction });
    const hit = (row: Observation): boolean => row.features?.c2 === 'a' && row.features.c3 === 'a';
    const rows = rowsOf('now', 900).map((row) => (hit(row) ? { ...row, label: 'other' } : right(row)));
    const { errorsBySegment } = groupsOf(rows, BASELINE_ROWS.map(right));
    expect(errorsBySegment?.predicate.split(' and ').toSorted()).toEqual(['c2 = a', 'c3 = a']);
    expect(errorsBySegment).toMatchObject({ inside: 1, contribution: 1 });
    expect(errorsBySegment?.outside).toBeCloseTo(0, 9);
  });

  describe('labels', () => {
    const exchanged = (rows: number, classes: readonly string[], labelOf: (k: number, i: number) => number) =>
      exchangedLabels(
        rowsOf('exchanged', rows).map((row, i) => {
          const k = i % classes.length;
          return { ...row, prediction: classes[k] ?? '', label: classes[labelOf(k, i) % classes.length] ?? '' };
        }),
        [],
      );
    it('are seen to be exchanged, of two classes or more', () => {
      expect(exchanged(200, ['a', 'b'], (k, i) => (i % 10 < 8 ? k + 1 : k))).toMatchObject({
        exchanged: { share: 0.8 },
        asTheyStand: { share: 0.2 },
        classes: 2,
        followsInputs: null,
      });
      expect(exchanged(150, ['a', 'b', 'c'], (k) => (k === 2 ? k : 1 - k))).toMatchObject({
        exchanged: { share: 1, of: 150 },
      });
      expect(exchanged(200, ['0', '1', '2'], (k) => k + 1)).toMatchObject({ exchanged: { share: 1 } });
    });

    it.each<readonly [string, number, readonly string[], (k: number, i: number) => number]>([
      ['that are right', 200, ['a', 'b'], (k) => k],
      ['that are few', 99, ['a', 'b'], (k) => k + 1],
      ['that all say one class', 200, ['a', 'b'], () => 0],
      ['of quantities', 200, Array.from({ length: 50 }, (_, i) => String(i)), (k) => k + 1],
    ])('are not, %s', (_, rows, classes, labelOf) => {
      expect(exchanged(rows, classes, labelOf)).toBeNull();
    });

    it('are seen in the newest rows, whatever those before say', () => {
      expect(exchanged(400, ['a', 'b'], (k, i) => (i < 200 ? k : k + 1))).toMatchObject({
        exchanged: { share: 1, of: 200 },
      });
    });
  });

  it('see that only unsure answers turned', () => {
    const turned = rowsOf('now', 300).map((row) =>
      (row.confidence ?? 1) < 0.78 ? { ...row, prediction: 'yes' } : row,
    );
    const bands = answerBands(turned, BASELINE_ROWS);
    expect(bands?.unsure).toBeGreaterThan(0.3);
    expect(bands?.sure).toBeLessThan(0.15);
  });

  it('see that the drift is usual at this hour', () => {
    const HOUR_MS = 3_600_000;
    // Evenings have higher n1, in the baseline as now.
    const evening = (row: Observation, i: number): Observation => {
      const atMs = i * (HOUR_MS / 4);
      const isEvening = Math.floor(atMs / HOUR_MS) % 24 >= 16;
      return { ...withFeatures(row, isEvening ? { n1: Number(row.features?.n1) + 15 } : {}), atMs };
    };
    const before = rowsOf('days', 900).map(evening);
    const rows = rowsOf('now', 200).map((row, i) => ({
      ...withFeatures(row, { n1: Number(row.features?.n1) + 15 }),
      atMs: (10 * 24 + 17) * HOUR_MS + i * 60_000,
    }));
    const usual = sameHour(['n1'], rows, before);
    expect(usual?.explained).toBeGreaterThan(0.8);
    const morning = rows.map((row) => ({ ...row, atMs: row.atMs - 10 * HOUR_MS }));
    expect(sameHour(['n1'], morning, before)?.explained).toBeLessThan(0.3);
  });

  it('are carried in the evidence with the change point', () => {
    const { symptoms } = evaluated({ rows: rowsOf('now').map((row) => withFeatures(row, { n1: null, n2: null })) });
    expect(symptoms.differential.missingTogether).toEqual({ features: ['n1', 'n2'], share: 1 });
    expect(symptoms.changePoint).toBeNull();
  });
});
