import { describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../../../exporter/src/domain/symptoms.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { evaluate, type Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { explain } from '../../../exporter/src/explanation/explain.js';
import { BASELINE_ROWS, golden, rowsOf, stateOf, type Case } from './evaluated-case.js';

const ANOTHER_VERSION: ChangeEvent = {
  atMs: 1,
  kind: 'model-version',
  text: "The answers' model version changed from v1 to v2.",
};
const EXPERIENCE = {
  thresholds: DEFAULT_THRESHOLDS,
  lessons: [],
  targets: [],
  validation: null,
  verification: DEFAULT_VERIFICATION_TIMES,
};
const diagnosed = (given: Case, changes: readonly ChangeEvent[] = []): Evaluation['diagnosis'] =>
  evaluate({ ...stateOf(given), changes }, EXPERIENCE, 1_000).diagnosis;
const idsOf = ({ causes }: Evaluation['diagnosis']): string[] => causes.map(({ id }) => id);

/** A model of two inputs, which says yes above a line; `bias` moves the line. */
function answered(row: Observation, bias: number): Observation {
  const { n1, n2 } = row.features ?? {};
  const p = 1 / (1 + Math.exp(-(0.1 * (Number(n1) - 50) + 0.05 * (Number(n2) - 50) + bias)));
  return { ...row, prediction: p > 0.5 ? 'yes' : 'no', confidence: Math.max(p, 1 - p) };
}
/** One payload, so one answer: what `mlfi init` watches. */
const alike = (row: Observation, prediction: string, confidence: number): Observation => ({
  ...row,
  features: { n1: 8 },
  prediction,
  confidence: confidence + 0.002 * (row.atMs % 5),
});

describe('a model whose only prediction became another', () => {
  const baselineRows = BASELINE_ROWS.map((row) => alike(row, 'stay', 0.66));
  const rows = rowsOf('now', 400).map((row) => alike(row, 'churn', 0.91));
  const given: Case = { baselineRows, rows, now: golden('no', 0.91) };

  it.each([
    ['with another version', [ANOTHER_VERSION]],
    ['without', []],
  ] as const)('is a changed model and no collapse, %s', (_, changes) => {
    const diagnosis = diagnosed(given, changes);
    expect(diagnosis.causes[0]?.id).toBe('model-changed');
    expect(idsOf(diagnosis)).not.toContain('prediction-collapse');
  });

  it('is told with the version that was seen to change', () => {
    const { causes, severityReason } = diagnosed(given, [ANOTHER_VERSION]);
    expect(severityReason).toBe(`Responses changed with a release. ${ANOTHER_VERSION.text}`);
    const [cause] = causes;
    expect(cause?.supporting.map(({ text }) => text)).toContain(ANOTHER_VERSION.text);
  });
});

describe('another version that gives one prediction more often', () => {
  const baselineRows = BASELINE_ROWS.map((row) => answered(row, 0.3));
  const rows = rowsOf('now', 468).map((row) => answered(row, 2.2));

  it('is a changed model first, without golden inputs and with them', () => {
    for (const now of [[], golden('no', 0.95)]) {
      const diagnosis = diagnosed({ baselineRows, rows, now }, [ANOTHER_VERSION]);
      expect(diagnosis.causes[0]?.id).toBe('model-changed');
      expect(diagnosis.causes[0]?.supporting.map(({ text }) => text)).toContain(ANOTHER_VERSION.text);
      expect(explain(diagnosis, 'rows2').summary).toMatch(/^(About|Users receive other predictions than before;)/);
    }
  });

  it('is not blamed for inputs that changed while it came', () => {
    const moved = rowsOf('now', 468).map((row) =>
      answered({ ...row, features: { ...row.features, n1: 1_024 * Number(row.features?.['n1']) } }, 0.3),
    );
    const diagnosis = diagnosed({ baselineRows, rows: moved, now: [] }, [ANOTHER_VERSION]);
    expect(diagnosis.causes[0]).toMatchObject({ id: 'unit-change', features: ['n1'] });
  });
});

describe('one prediction for everything', () => {
  const rows = rowsOf('now', 468).map((row) => ({ ...row, prediction: 'no', confidence: 0.91 }));

  it('stays a collapse while nothing says that it is another model, and is weighed beside one that is', () => {
    expect(idsOf(diagnosed({ rows, now: golden('no', 0.91) }))[0]).toBe('prediction-collapse');
    const released = diagnosed({ rows, now: golden('no', 0.91) }, [ANOTHER_VERSION]);
    expect(idsOf(released)).toEqual(expect.arrayContaining(['model-changed', 'prediction-collapse']));
    expect(released.severity).toBe('critical');
  });
});

describe('a model of a quantity whose answers are scaled', () => {
  const priced = (rows: readonly Observation[], factor: number): Observation[] =>
    rows.map((row) => ({
      ...row,
      prediction: factor * (200 + 7 * Number(row.features?.n1) + 3 * Number(row.features?.n2)),
      confidence: null,
    }));
  const given: Case = { baselineRows: priced(BASELINE_ROWS, 1), rows: priced(rowsOf('now', 400), 1.4) };

  it('had no threshold that moved', () => {
    expect(idsOf(diagnosed(given))).not.toContain('threshold-moved');
  });

  it('two classes that are numbers have one', () => {
    const classed = (rows: readonly Observation[], from: number): Observation[] =>
      rows.map((row) => ({ ...row, prediction: Number(row.features?.n1) > from ? 1 : 0, confidence: null }));
    const turned = diagnosed({ baselineRows: classed(BASELINE_ROWS, 50), rows: classed(rowsOf('now', 400), 56) });
    expect(idsOf(turned)).toContain('threshold-moved');
  });
});
