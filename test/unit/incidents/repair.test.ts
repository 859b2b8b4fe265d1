import { expect, it } from 'vitest';
import type { DecisionRecord } from '../../../exporter/src/domain/decision-record.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { repairedAtMs } from '../../../exporter/src/incidents/repair.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, FIRM_AT_ONCE, incidentsInMemory, NOBODY_DECIDES } from './fixtures.js';

const model = sampleStatus('fraud').model;

const moved = (): Evaluation => {
  const judged = evaluation('high', true, 'unit-change');
  const finding = { detector: 'numeric-drift', subject: 'feature:amount', kind: 'data' };
  const diagnosis = { ...judged.diagnosis, features: ['amount'], findings: [finding] };
  return { ...judged, diagnosis } as unknown as Evaluation;
};

const record = (state: string, subjects: readonly string[], finishedAtMs: number | null): DecisionRecord =>
  ({
    recommendation: { state, cause: 'unit-change', proposedBy: { kind: 'system' }, verification: { subjects } },
    execution: { queuedAtMs: 1, finishedAtMs },
    votes: [],
    attempts: [],
    verification: null,
  }) as unknown as DecisionRecord;

it('knows when the newest action was done that helped everything that is blamed', () => {
  const { diagnosis } = moved();
  const helped = record('recovered', ['feature:amount', 'confidence'], 5);
  expect(repairedAtMs([helped, record('recovered', ['feature:amount'], 9)], diagnosis)).toBe(9);
  expect(repairedAtMs([record('recovered', ['feature:amount'], null)], diagnosis)).toBe(1);
  expect(repairedAtMs([record('not_recovered', ['feature:amount'], 5)], diagnosis)).toBeNull();
  expect(repairedAtMs([record('recovered', ['confidence'], 5)], diagnosis)).toBeNull();
  expect(repairedAtMs([{ ...helped, execution: null }], diagnosis)).toBeNull();
});

it('is asked for by a verification that helped, and by a restart; a close forgets it', async () => {
  const saved = new Map<string, Incident>();
  const verified: boolean[] = [false, false, true];
  const governance = {
    ...NOBODY_DECIDES,
    verify: () => Promise.resolve(verified.shift() ?? false),
    records: () => Promise.resolve([record('recovered', ['feature:amount'], 9)]),
  };
  const incidents = incidentsInMemory(saved, { governance }, FIRM_AT_ONCE);
  for (let i = 0; i < 4; i += 1) await incidents.apply(model, moved());
  expect(incidents.repairedAtMs(model.id)).toBeNull();
  await incidents.apply(model, moved());
  expect(incidents.repairedAtMs(model.id)).toBe(9);

  const restarted = incidentsInMemory(saved, { governance }, FIRM_AT_ONCE);
  await restarted.restore(model.id);
  expect(restarted.repairedAtMs(model.id)).toBe(9);
  for (let i = 0; i < 3; i += 1) await restarted.apply(model, evaluation('none', false));
  expect(restarted.current(model.id)).toBeNull();
  expect(restarted.repairedAtMs(model.id)).toBeNull();
});
