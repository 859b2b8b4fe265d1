import { describe, expect, it } from 'vitest';
import { explain } from '../../../exporter/src/explanation/explain.js';
import type { Decomposition, DecompositionPartName } from '../../../exporter/src/domain/symptoms.js';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { baselineOf, profileOf } from '../detection/rows.js';
import { BASELINE_ROWS, failed, evaluated, rowsOf, type Case } from './evaluated-case.js';

const scaled: Case = {
  rows: rowsOf('now').map((row) => ({ ...row, features: { ...row.features, n1: Number(row.features?.n1) * 100 } })),
};
const failing: Case = { rows: rowsOf('now').map((row, i) => (i % 3 === 0 ? failed('http_5xx') : row)) };

/** Words of statistics that belong in the report, not in what is passed on. */
const JARGON = /log-odds|p-value|Kolmogorov|Clopper|R²|χ²|PSI|softmax|e-detector|standard deviations/;

describe('the explanation at three depths', () => {
  it('says in one paragraph what users feel, what it probably is and how sure that is', () => {
    const { summary = '' } = evaluated(failing).explanation;
    expect(summary).toMatch(/About 34 % of m's calls get no prediction \(\d+ % to \d+ %\)/);
    expect(summary).toMatch(/The cause is (almost certainly|probably) \((?:over )?\d+ %\): Endpoint errors/);
    expect(summary).not.toMatch(JARGON);
  });

  it('writes the possessive of a name that ends in s as English does', () => {
    const { diagnosis } = evaluated(failing);
    expect(explain(diagnosis, 'rows').summary).toMatch(/^About 34 % of rows' calls/);
    expect(explain(diagnosis, 'fraud').summary).toMatch(/^About 34 % of fraud's calls/);
  });

  it('says so when no harm can be told', () => {
    expect(evaluated(scaled).explanation.summary).toMatch(/^No harm to users of m can be told from chance so far\./);
  });

  it('has the headline shortest and the report longest', () => {
    const { explanation } = evaluated(failing);
    const report = explanation.paragraphs.join(' ');
    expect(explanation.headline.length).toBeLessThan(250);
    expect(report.length).toBeGreaterThan(explanation.summary?.length ?? 0);
  });

  it('charts the harm and the moved inputs in a self-contained report that names every source', () => {
    const { diagnosis, explanation, proposals } = evaluated(scaled);
    const baseline = baselineOf(BASELINE_ROWS);
    const html = renderReport('html', {
      modelName: 'm',
      incident: null,
      diagnosis: { ...diagnosis, impact: evaluated(failing).diagnosis.impact ?? null },
      explanation,
      recommendations: proposals,
      similar: [],
      baseline,
      window: profileOf(scaled.rows ?? [], baseline.profile),
      generatedAtMs: 0,
    });
    expect(html).toContain('% harmed');
    expect(html).toContain('How far each input moved');
    expect(html).toMatch(/\(inputs, \+\d+\.\d\)/);
    expect(html).not.toMatch(/https?:\/\/|<script|undefined|NaN/);
  });
});

describe('a drop beside a change of unit', () => {
  const drop = (parts: Readonly<Partial<Record<DecompositionPartName, number>>>): Decomposition => ({
    measure: 'accuracy',
    before: 0.87,
    now: 0.85,
    total: -0.02,
    totalInterval: { low: -0.03, high: -0.01, level: 0.95 },
    parts: (['data quality', 'input mix', 'model', 'concept'] as const).map((name) => ({
      name,
      value: parts[name] ?? 0,
      interval: { low: 0, high: 0, level: 0.95 },
    })),
    remainder: 0,
    method: 'counts',
    interventional: false,
    effectiveRows: null,
  });
  const { diagnosis } = evaluated(scaled);
  const said = (parts: Parameters<typeof drop>[0]): string =>
    explain({ ...diagnosis, decomposition: drop(parts) }, 'm', null).paragraphs.join(' ');

  it('is not told in parts of other causes that outweigh it', () => {
    expect(diagnosis.causes[0]?.id).toBe('unit-change');
    expect(said({ 'input mix': -0.07, concept: 0.05 })).not.toContain('Mean accuracy');
  });

  it('comes from the inputs, and not from who asks', () => {
    expect(said({ 'input mix': -0.02 })).toContain('−0.02 from the changed inputs');
  });

  it('is not said to be none', () => {
    const { causes } = evaluated({ ...scaled, labels: { before: 180, now: 175 } }).diagnosis;
    expect(JSON.stringify(causes)).not.toContain('right as often as before');
    const equal = evaluated({ labels: { before: 180, now: 180 } }).diagnosis;
    expect(equal.severity).toBe('none');
  });
});
