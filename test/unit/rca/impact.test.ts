import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { proportion } from '../../../exporter/src/statistics/clopper-pearson.js';
import { differenceInterval, estimateImpact } from '../../../exporter/src/rca/impact.js';
import { failed, evaluated, rowsOf } from './evaluated-case.js';

describe('impact', () => {
  it('holds the difference inside its interval, and excludes zero only for real differences', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), (a, b) => {
        const [before, now] = [proportion(a, 200), proportion(b, 200)];
        const { low, high } = differenceInterval(before, now);
        expect(low).toBeLessThanOrEqual(before.share - now.share + 1e-9);
        expect(high).toBeGreaterThanOrEqual(before.share - now.share - 1e-9);
        expect(low >= -1 && high <= 1).toBe(true);
      }),
    );
    expect(differenceInterval(proportion(180, 200), proportion(178, 200)).low).toBeLessThan(0);
    expect(differenceInterval(proportion(180, 200), proportion(120, 200)).low).toBeGreaterThan(0.2);
  });

  it('is nothing when nothing is wrong', () => {
    expect(estimateImpact(evaluated({}).symptoms)).toBeNull();
  });

  it('counts failures, then wrong answers by labels', () => {
    const failing = rowsOf('now').map((row, i) => (i % 4 === 0 ? failed('timeout') : row));
    expect(estimateImpact(evaluated({ rows: failing }).symptoms)).toMatchObject({
      harm: 'no-answer',
      basis: 'counted',
      share: 0.25,
    });
    const impact = estimateImpact(evaluated({ labels: { before: 180, now: 130 } }).symptoms);
    expect(impact).toMatchObject({ harm: 'wrong-answer', basis: 'counted', share: 0.25 });
    expect(impact?.sentence).toMatch(/accuracy fell from 90\.0 % to 65\.0 % of 200 labelled predictions/);
  });

  it('says when it is an estimate without labels', () => {
    const unsure = rowsOf('now').map((row) => ({ ...row, confidence: (row.confidence ?? 0) - 0.2 }));
    const impact = estimateImpact(evaluated({ rows: unsure }).symptoms);
    expect(impact).toMatchObject({ harm: 'wrong-answer', basis: 'confidence' });
    expect(impact?.sentence).toMatch(/without labels, concept drift cannot be detected/);
  });

  it('is no lateness that no detector found, however small the interval is', () => {
    const shifted = (slower: number) =>
      rowsOf('now', 2_000).map((row) => ({
        ...row,
        latencySeconds: slower * (row.latencySeconds ?? 0),
        features: { ...row.features, n1: 1_024 * Number(row.features?.['n1']) },
      }));
    const { symptoms, diagnosis, explanation } = evaluated({ rows: shifted(1.25) });
    const { lateBefore, lateNow } = symptoms.service;
    if (lateBefore === null || lateNow === null) throw new Error('no latencies');
    expect(differenceInterval(lateNow, lateBefore).low).toBeGreaterThan(0);
    expect(symptoms.findings.map(({ subject }) => subject)).not.toContain('latency_seconds');
    expect(diagnosis.causes[0]?.id).toBe('unit-change');
    expect(diagnosis.impact?.harm).not.toBe('late-answer');
    expect(explanation.summary).not.toMatch(/later than usual|slow/);
  });

  it('leads with what the cause does where answers come late besides', () => {
    const rows = rowsOf('now', 400).map((row) => ({
      ...row,
      latencySeconds: 8 * (row.latencySeconds ?? 0),
      features: { ...row.features, n1: 1_024 * Number(row.features?.['n1']) },
    }));
    const { diagnosis, explanation } = evaluated({ rows });
    expect(diagnosis.causes[0]?.id).toBe('unit-change');
    expect(diagnosis.impact?.harm).toBe('late-answer');
    expect(diagnosis.severityReason).toMatch(/^The model receives inputs/);
    expect(explanation.summary).toMatch(/^The model receives inputs/);
  });
});
