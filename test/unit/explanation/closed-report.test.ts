import { expect, it } from 'vitest';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { incident, proposal } from '../../integration/governance/harness.js';
import { evaluated, failed, rowsOf } from '../rca/evaluated-case.js';

const { diagnosis, explanation } = evaluated({
  rows: [...rowsOf('before', 200), ...Array.from({ length: 60 }, () => failed('connect'))],
  consecutiveFailures: 60,
});
const report = (format: 'html' | 'markdown', closedAtMs: number | null): string =>
  renderReport(format, {
    modelName: 'm',
    incident: incident('i', closedAtMs),
    diagnosis,
    explanation,
    recommendations: [
      { ...proposal('restart-endpoint', 'Restart it'), state: 'withdrawn' },
      { ...proposal('retrain', 'Retrain it'), state: 'pending' },
    ],
    similar: [],
    baseline: null,
    window: null,
    generatedAtMs: 0,
  });

it.each(['html', 'markdown'] as const)('says that an incident is closed, and what was taken back (%s)', (format) => {
  const closed = report(format, 60_000);
  expect(closed).toContain(', closed 1970-01-01 00:01:00 UTC');
  expect(closed).toContain('What was proposed');
  expect(closed).toMatch(/Restart it(\*\*)? \(withdrawn\)/);
  expect(closed).not.toMatch(/Retrain it(\*\*)? \(/);
  const open = report(format, null);
  expect(open).toContain('What to do');
  expect(open).not.toContain('closed');
});

it.each(['html', 'markdown'] as const)('nothing is certain, in a table either (%s)', (format) => {
  const text = report(format, null);
  expect(text).toContain('over 99 %');
  expect(text.slice(text.indexOf('Causes considered'), text.indexOf('Findings'))).not.toMatch(/\| 100\.0 %|>100\.0 %</);
});
