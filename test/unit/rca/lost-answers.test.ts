import { expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { evaluated, rowsOf } from './evaluated-case.js';

const without = (part: 'prediction' | 'confidence', every: number): Observation[] =>
  rowsOf('lost').map((row, i) => (i % every === 0 ? { ...row, [part]: null } : row));

it.each([
  ['confidence', 1, 'The confidence is missing in 100.0 % of 200 rows, before in 0.0 %.', 'medium'],
  ['confidence', 2, 'The confidence is missing in 50.0 % of 200 rows, before in 0.0 %.', 'medium'],
  ['prediction', 1, 'The prediction is missing in 100.0 % of 200 rows, before in 0.0 %.', 'critical'],
  ['prediction', 3, 'The prediction is missing in 33.5 % of 200 rows, before in 0.0 %.', 'high'],
] as const)('answers that lack the %s they had, one in %i, are told as such', (part, every, sentence, severity) => {
  const { diagnosis } = evaluated({ rows: without(part, every) });
  expect(diagnosis.findings.map((finding) => finding.sentence)).toContain(sentence);
  expect(diagnosis.severity).toBe(severity);
  expect(diagnosis.causes[0]?.id).toBe('answer-schema-changed');
  expect(diagnosis.causes[0]?.title).toBe(`The responses lack the ${part} they had`);
});

it('answers that never had one lack nothing', () => {
  const baselineRows = without('confidence', 1);
  expect(evaluated({ baselineRows, rows: baselineRows }).diagnosis.findings).toEqual([]);
});
