import { expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET, type AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import type { FindingSubject } from '../../../exporter/src/domain/finding.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { quietRow } from '../detection/rows.js';
import { evaluated } from '../rca/evaluated-case.js';

/** @param watched signals whose evidence over time is looked at */
const evidenceOf = (lineShare: number, ...watched: readonly FindingSubject[]): AlertEvidence => ({
  verdict: 'quiet',
  logEvidence: lineShare === 0 ? -3.4 : 10 * lineShare,
  logLine: 10,
  logWarningLine: 5,
  lineShare,
  budgetLeft: 1,
  confirmed: [],
  suspects: [],
  changeAtMs: null,
  provisionalUntilMs: null,
  recovered: false,
  signals: watched.map((subject) => ({
    subject,
    watch: 'watching',
    logEvidence: -4,
    logRatio: 0,
    changeAtMs: null,
    direction: 'up',
    statistic: 'level',
    blockSamples: 10,
    weight: 0.1,
    note: null,
  })),
  budget: DEFAULT_FALSE_PAGE_BUDGET,
});

/** Answers that come eight times as late. */
const slow = (() => {
  const random = seededRandom('slow');
  return Array.from({ length: 200 }, (_, i) => {
    const row = quietRow(random, 1.8e12 + 1_000 * i);
    return { ...row, latencySeconds: 8 * (row.latencySeconds ?? 0.1) };
  });
})();

it('tells no change of which the evidence over time shows nothing', () => {
  const { diagnosis, unalerted } = evaluated({ rows: slow, evidence: evidenceOf(0, 'latency_seconds') });
  expect(diagnosis.causes[0]).toMatchObject({ id: 'slow-endpoint' });
  expect(unalerted).toBeNull();
});

it('tells how far the evidence has come where it shows something', () => {
  const { unalerted } = evaluated({ rows: slow, evidence: evidenceOf(0.2, 'latency_seconds') });
  expect(unalerted).toMatchObject({ cause: 'slow-endpoint' });
  expect(unalerted?.headline).toContain('the evidence is 20 % of the way');
});

it('tells in true words of a change that evidence over time is not gathered about', () => {
  const { unalerted } = evaluated({ rows: slow, evidence: evidenceOf(0, 'confidence') });
  expect(unalerted).toMatchObject({ cause: 'slow-endpoint' });
  expect(unalerted?.headline).toContain('there is no evidence of it over time so far');
  expect(unalerted?.headline).not.toContain('0 % of the way');
});
