import { describe, expect, it } from 'vitest';
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
