import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET, type AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import { CAUSE_IDS, type CauseId } from '../../../exporter/src/domain/cause.js';
import type { Symptoms } from '../../../exporter/src/domain/symptoms.js';
import { explain } from '../../../exporter/src/explanation/explain.js';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { diagnose } from '../../../exporter/src/rca/diagnose.js';
import { recommend } from '../../../exporter/src/recommendation/recommend.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { failed, evaluated, golden, rowsOf, type Case } from '../rca/evaluated-case.js';
import { faultsOf, type Said } from './sentence-faults.js';
import { anySymptoms } from './sentences.js';
import { evidenceText, notYetText } from '../../../exporter/src/explanation/evidence-text.js';

const said = (symptoms: Symptoms): Said => {
  const diagnosis = diagnose(symptoms);
  const explanation = explain(diagnosis, 'm');
  const proposals = recommend(diagnosis, {
    modelId: 'm',
    modelName: 'm',
    targets: [],
    validation: null,
    track: () => null,
    successEstimate: () => ({ mean: 0.5, lowerQuantile20: 0.3, low: 0, high: 1 }),
    verification: DEFAULT_VERIFICATION_TIMES,
    hasBaseline: symptoms.hasBaseline,
    versionStep: { from: null, to: null },
  });
  return { symptoms, diagnosis, explanation, proposals };
};

const MUTATIONS: Readonly<Record<string, (rows: ReturnType<typeof rowsOf>) => Case>> = {
  quiet: (rows) => ({ rows }),
  'no baseline': (rows) => ({ rows, withBaseline: false }),
  'after a restart': (rows) => ({ rows, withBaselineRows: false }),
  'one call': (rows) => ({ rows: rows.slice(0, 1) }),
  'all fail': (rows) => ({ rows: rows.map(() => failed('timeout')) }),
  'one third fails': (rows) => ({ rows: rows.map((row, i) => (i % 3 === 0 ? failed('http_5xx', 503) : row)) }),
  scaled: (rows) => ({
    rows: rows.map((row) => ({ ...row, features: { ...row.features, n1: 100 * Number(row.features?.['n1']) } })),
  }),
  flooded: (rows) => ({
    rows: rows.map((row, i) => ({
      ...row,
      features: { ...row.features, c1: i % 2 === 0 ? null : (row.features?.['c1'] ?? null) },
    })),
  }),
  renamed: (rows) => ({
    rows: rows.map((row) => ({
      ...row,
      features: { ...row.features, c1: row.features?.['c1'] === 'a' ? 'alpha' : (row.features?.['c1'] ?? null) },
    })),
  }),
  'new categories': (rows) => ({
    rows: rows.map((row, i) => ({
      ...row,
      features: { ...row.features, c2: i % 4 === 0 ? 'z' : (row.features?.['c2'] ?? null) },
    })),
  }),
  'constant answers': (rows) => ({ rows: rows.map((row) => ({ ...row, prediction: 'yes', confidence: 0.9 })) }),
  'low confidence': (rows) => ({ rows: rows.map((row) => ({ ...row, confidence: 0.2 })) }),
  slow: (rows) => ({ rows: rows.map((row) => ({ ...row, latencySeconds: 2.5 })) }),
  'golden turned': (rows) => ({ rows, now: golden('no', 0.6) }),
  'half time out while only one group comes': (rows) => ({
    rows: rows.map((row, i) => (i % 2 === 0 ? failed('timeout') : { ...row, features: { ...row.features, c1: 'a' } })),
  }),
  'a type changed': (rows) => ({
    rows: rows.map((row) => ({ ...row, features: { ...row.features, n1: `around ${String(row.features?.['n1'])}` } })),
  }),
  'in bursts': (rows) => ({ rows: rows.map((row, i) => (i % 20 < 6 ? failed('http_5xx', 503) : row)) }),
  'accuracy fell': (rows) => ({ rows, labels: { before: 170, now: 120 } }),
};

describe('what is said of an incident', () => {
  it('holds for symptoms of every kind and size', { timeout: 60_000 }, () => {
    const considered = new Set<CauseId>();
    fc.assert(
      fc.property(anySymptoms, (symptoms) => {
        const evaluation = said(symptoms);
        for (const { id } of evaluation.diagnosis.causes) considered.add(id);
        expect(faultsOf(evaluation)).toEqual([]);
      }),
      { numRuns: 1_500, seed: 12 },
    );
    expect(CAUSE_IDS.filter((id) => !considered.has(id))).toEqual([]);
  });

  it.each(Object.entries(MUTATIONS))('holds for rows as they come: %s', { timeout: 30_000 }, (name, mutate) => {
    for (const count of [1, 40, 200]) {
      const evaluation = evaluated(mutate(rowsOf(name, count)));
      const { symptoms, diagnosis, explanation, proposals } = evaluation;
      expect(faultsOf({ symptoms, diagnosis, explanation, proposals })).toEqual([]);
      const input = {
        modelName: 'm',
        incident: null,
        diagnosis,
        explanation,
        recommendations: proposals,
        similar: [],
        baseline: null,
        window: null,
        generatedAtMs: 1,
      };
      expect(renderReport('markdown', input)).not.toMatch(/NaN|undefined|\bnull\b|\.\d{7,}|standard-deviations/);
    }
  });
});

describe('what cannot be judged yet', () => {
  const untilMs = Date.parse('2026-11-26T14:05:00Z');
  const signal = {
    subject: 'feature:age',
    watch: 'provisional',
    logEvidence: 12,
    logRatio: 5,
    changeAtMs: null,
    direction: 'up',
    statistic: 'level',
    blockSamples: 10,
    weight: 0.1,
    note: null,
  } as const;
  const evidence: AlertEvidence = {
    verdict: 'quiet',
    logEvidence: 1,
    logLine: 10,
    logWarningLine: 5,
    lineShare: 0.5,
    budgetLeft: 1,
    confirmed: [],
    suspects: [],
    changeAtMs: null,
    provisionalUntilMs: untilMs,
    recovered: false,
    signals: [signal, { ...signal, subject: 'feature:income' }],
    budget: DEFAULT_FALSE_PAGE_BUDGET,
  };

  it('is said with the time from which it can, on the page and in the explanation', () => {
    const rows = rowsOf('scaled').map((row) => ({
      ...row,
      features: { ...row.features, n1: 12 * Number(row.features?.['n1']) },
    }));
    const { diagnosis, explanation, pages } = evaluated({ rows, evidence });
    expect(pages).toBe(false);
    expect(diagnosis.blindSpots).toContainEqual({
      check: 'shifts of “age” and 1 more signal',
      reason:
        'shifts alert nobody before 2026-11-26 14:05 UTC: until two days of a signal are seen, a daily pattern cannot be told from a change (paging.season: auto)',
    });
    expect(explanation.paragraphs.join(' ')).toContain('For now, shifts alert nobody before 2026-11-26 14:05 UTC');
  });

  it('is not said of what alerts once it is found again', () => {
    const refused = { reason: 'connect', detail: 'nothing listens', httpStatus: null, retryAfterMs: null } as const;
    const rows = rowsOf('failing').map((row) => ({ ...row, prediction: null, confidence: null, failure: refused }));
    const { pages, unalerted } = evaluated({ rows, evidence });
    expect(pages).toBe(true);
    expect(unalerted?.headline ?? '').not.toContain('shifts alert nobody');
    expect(notYetText(evidence, true)).toBe('Changed, not yet alerting: the next evaluation has to confirm it.');
  });

  it('has come no further than 99 % while it alerts nobody', () => {
    const judged = { ...evidence, provisionalUntilMs: null, signals: [{ ...signal, watch: 'watching' as const }] };
    for (const lineShare of [0.994, 0.999, 1]) {
      expect(notYetText({ ...judged, lineShare })).toContain('the evidence is 99 % of the way');
      expect(evidenceText({ ...judged, lineShare })).toContain('That is 99 % of the way');
    }
    expect(notYetText({ ...judged, lineShare: 0.459 })).toContain('45 % of the way');
  });

  it('is not mentioned once everything can be judged', () => {
    const judged = { ...evidence, provisionalUntilMs: null, signals: [{ ...signal, watch: 'watching' as const }] };
    const { diagnosis, explanation } = evaluated({ evidence: judged });
    expect(JSON.stringify([diagnosis, explanation])).not.toContain('alert nobody');
  });
});
