import fc from 'fast-check';
import { expect, it } from 'vitest';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { AlertFeedback } from '../../../exporter/src/domain/alert-feedback.js';
import { summariseLearning } from '../../../exporter/src/incident-history/learning-summary.js';
import { alertThresholdFactors } from '../../../exporter/src/incident-history/alert-threshold-factor.js';

let spokenMs = 0;
const says = (
  incident: string,
  useful: boolean,
  also: Partial<AlertFeedback> & { who?: string } = {},
): AlertFeedback => ({
  incidentId: incidentId(incident),
  modelId: modelId('shop'),
  by: { subject: `local:${also.who ?? 'ada'}`, name: also.who ?? 'ada' },
  useful,
  reason: 'we looked',
  atMs: (spokenMs += 1_000),
  onEvidence: true,
  ...also,
});
const factorAfter = (...opinions: readonly AlertFeedback[]): number => alertThresholdFactors(opinions)[0]?.factor ?? 1;

it('doubles the line for a page that was not useful and halves it again for one that was', () => {
  expect(factorAfter(says('1', false))).toBe(2);
  expect(factorAfter(says('1', false), says('2', false))).toBe(4);
  expect(factorAfter(says('1', false), says('2', false), says('3', true))).toBe(2);
});

it('never asks for less than the operator, nor for more than sixteen times as much', () => {
  expect(factorAfter(says('1', true), says('2', true), says('3', false))).toBe(2);
  expect(factorAfter(...Array.from({ length: 30 }, (_, i) => says(String(i), false)))).toBe(16);
});

it('takes the majority of a page, and nothing from a tie', () => {
  expect(factorAfter(says('1', false), says('1', true, { who: 'grace' }))).toBe(1);
  expect(factorAfter(says('1', false), says('1', true, { who: 'grace' }), says('1', false, { who: 'edsger' }))).toBe(2);
});

it('leaves the line where it is for pages on facts', () => {
  expect(factorAfter(says('1', false, { onEvidence: false }))).toBe(1);
});

it('keeps models apart', () => {
  const cautions = alertThresholdFactors([says('1', false), says('2', true, { modelId: modelId('other') })]);
  expect(cautions).toEqual([
    { model: 'shop', factor: 2, useful: 0, notUseful: 1 },
    { model: 'other', factor: 1, useful: 1, notUseful: 0 },
  ]);
});

it('stays within 1 to 16 whatever is said, and a word on another model changes nothing', () => {
  const anyOpinion = fc.record({
    incident: fc.integer({ min: 0, max: 20 }),
    useful: fc.boolean(),
    who: fc.constantFrom('a', 'b', 'c'),
  });
  fc.assert(
    fc.property(fc.array(anyOpinion, { maxLength: 60 }), (said) => {
      const opinions = said.map(({ incident, useful, who }) => says(String(incident), useful, { who }));
      const alone = factorAfter(...opinions);
      const beside = alertThresholdFactors([says('x', false, { modelId: modelId('other') }), ...opinions]);
      expect([1, 2, 4, 8, 16]).toContain(alone);
      expect(beside.find(({ model }) => model === 'shop')?.factor ?? 1).toBe(alone);
    }),
  );
});

it('is part of the version of what was learnt', () => {
  const before = summariseLearning([], [], null, 0);
  const after = summariseLearning([], [says('1', false)], null, 0);
  expect(after.version).not.toBe(before.version);
  expect(after.pages).toEqual([{ model: 'shop', factor: 2, useful: 0, notUseful: 1 }]);
});
