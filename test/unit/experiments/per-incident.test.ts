import { expect, test } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import { incidentId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { IncidentExperiments } from '../../../exporter/src/experiments/per-incident.js';
import type { CohortShapley } from '../../../exporter/src/domain/row-analysis.js';
import { evaluated } from '../rca/evaluated-case.js';

const ID = incidentId('i');
const { diagnosis, explanation, fingerprint } = evaluated({});
const [some] = diagnosis.causes;

const resultAt = (atMs: number, attributions: CohortShapley['attributions'] = []): CohortShapley => ({
  attributions,
  experiment: {
    atMs,
    kind: 'cohort-shapley',
    output: 'confidence',
    calls: 10,
    callsBudget: 10,
    callFailures: 0,
    pairs: 5,
    total: 0,
    additivityGap: 0,
    modelShift: null,
    limitation: null,
  },
});
const found = [{ feature: 'income', value: -0.2, standardError: 0.01, method: 'interventional-shapley' }] as const;

function incident(cause: CauseId, weighed: CohortShapley | null): Incident {
  if (some === undefined) throw new Error('a diagnosis has causes');
  return {
    id: ID,
    modelId: diagnosis.modelId,
    openedAtMs: 1,
    closedAtMs: null,
    severity: 'high',
    diagnosis: { ...diagnosis, causes: [{ ...some, id: cause }], experiment: weighed?.experiment ?? null },
    explanation,
    fingerprint,
    timeline: [],
  };
}

test('asks once while the story stays, and again when it turns to another cause', async () => {
  const course = new IncidentExperiments(ID);
  expect(course.wantsMore(incident('input-drift', null))).toBe(true);
  const first = resultAt(10, found);
  course.begin(
    () => Promise.resolve(first),
    () => undefined,
  );
  expect(course.wantsMore(incident('model-changed', null))).toBe(false);
  await course.done;
  expect(course.result).toBe(first);
  // Until the result is weighed nothing is asked; the cause it leads to is no turn of the story.
  expect(course.wantsMore(incident('input-drift', null))).toBe(false);
  expect(course.wantsMore(incident('unit-change', first))).toBe(false);
  expect(course.wantsMore(incident('unit-change', first))).toBe(false);
  expect(course.wantsMore(incident('unknown', first))).toBe(false);
  expect(course.wantsMore(incident('null-flood', first))).toBe(true);
});

test('a later question that finds nothing takes nothing back, and three experiments are enough', async () => {
  const course = new IncidentExperiments(ID);
  const first = resultAt(10, found);
  const later = [resultAt(20), resultAt(30, found)];
  expect(course.wantsMore(incident('input-drift', null))).toBe(true);
  course.begin(
    () => Promise.resolve(first),
    () => undefined,
  );
  await course.done;
  expect(course.wantsMore(incident('unit-change', first))).toBe(false);
  for (const result of later) {
    const known = course.result;
    expect(course.wantsMore(incident(result.experiment.atMs === 20 ? 'null-flood' : 'join-loss', known))).toBe(true);
    course.begin(
      () => Promise.resolve(result),
      () => undefined,
    );
    await course.done;
    expect(course.result).toBe(result.attributions.length > 0 ? result : known);
    course.wantsMore(incident('unit-change', course.result));
  }
  expect(course.wantsMore(incident('model-changed', course.result))).toBe(false);
});

test('an experiment that breaks off is told and leaves the course usable', async () => {
  const course = new IncidentExperiments(ID);
  const errors: unknown[] = [];
  expect(course.wantsMore(incident('input-drift', null))).toBe(true);
  course.begin(
    () => Promise.reject(new Error('gone')),
    (error) => errors.push(error),
  );
  await course.done;
  expect(String(errors[0])).toContain('gone');
  expect(course.result).toBeNull();
  expect(course.wantsMore(incident('input-drift', null))).toBe(false);
});
