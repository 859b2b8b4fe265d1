import { expect, it } from 'vitest';
import type { ChangeEvent } from '../../../exporter/src/domain/symptoms.js';
import { assessSeverity } from '../../../exporter/src/rca/severity.js';
import { evaluated, golden, rowsOf } from './evaluated-case.js';

const { symptoms } = evaluated({ rows: rowsOf('now'), now: golden('no', 0.9) });
const reasonAfter = (changes: readonly ChangeEvent[]) =>
  assessSeverity({ ...symptoms, changes }, 'model-changed', null).reason;

it('says which release responses changed with, and declares none itself', () => {
  const read = "The answers' model version changed from v1 to v2.";
  expect(reasonAfter([{ atMs: 1, kind: 'model-version', text: read }])).toBe(
    `Responses changed with a release. ${read}`,
  );
  expect(reasonAfter([{ atMs: 1, kind: 'deployment', text: 'fraud was deployed' }])).toBe(
    'Responses changed with a release. fraud was deployed.',
  );
  expect(reasonAfter([])).toContain('no release was declared');
});

it('says nothing of inputs where nothing was found of them', () => {
  const [finding] = symptoms.findings;
  if (finding === undefined) expect.fail('nothing was found');
  const of = (subject: 'prediction' | 'feature:age') => ({
    ...symptoms,
    findings: [{ ...finding, detector: 'prediction-mix', kind: 'data', subject } as const],
  });
  expect(assessSeverity(of('prediction'), 'unknown', null).reason).not.toContain('inputs');
  expect(assessSeverity(of('feature:age'), 'unknown', null).reason).toContain('inputs it was not trained for');
});
