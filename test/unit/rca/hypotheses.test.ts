import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Symptoms } from '../../../exporter/src/domain/symptoms.js';
import { hypotheses } from '../../../exporter/src/rca/hypotheses.js';
import { errorsRose } from '../../../exporter/src/rca/causes/errors-rose.js';
import { insteadText } from '../../../exporter/src/rca/causes/came-instead.js';
import { diagnose } from '../../../exporter/src/rca/diagnose.js';
import { failed, evaluated, rowsOf } from './evaluated-case.js';

const inPlay = (evidence: Symptoms): CauseId[] => [
  ...new Set(hypotheses(evidence).map(({ definition }) => definition.id)),
];
const proportion = (count: number, of: number) => ({
  count,
  of,
  share: count / of,
  interval: { low: 0, high: 1, level: 0.95 },
});
/** As by labels: right so often before and now. */
const withLabels = (evidence: Symptoms, before: number, now: number, errorTrend: number | null = null): Symptoms => ({
  ...evidence,
  labels: { ...evidence.labels, accuracyBefore: proportion(before, 1_000), accuracyNow: proportion(now, 300) },
  differential: { ...evidence.differential, errorTrend },
});

/** As by labels of quantities: so far they missed before and now. */
const missing = (evidence: Symptoms, before: number, now: number): Symptoms => {
  const error = (mean: number, count: number) => ({
    mean,
    count,
    interval: { low: mean - (2 * mean) / Math.sqrt(count), high: mean + (2 * mean) / Math.sqrt(count), level: 0.95 },
  });
  return { ...evidence, labels: { ...evidence.labels, errorBefore: error(before, 1_000), errorNow: error(now, 300) } };
};

it('answers of quantities that miss by more than before are a concept drift, by chance alone they are not', () => {
  const quiet = evaluated({}).symptoms;
  expect(errorsRose(missing(quiet, 4, 20))).toBe(true);
  expect(errorsRose(missing(quiet, 4, 4.3))).toBe(false);
  expect(errorsRose(missing(quiet, 4, 3))).toBe(false);
  expect(inPlay(missing(quiet, 4, 20))).toContain('concept-drift');
});

describe('a feature that is no longer sent', () => {
  const renamed = (names: Readonly<Record<string, string>>, of = 1): string | undefined => {
    const rows = rowsOf('renamed').map((row, i) => ({
      ...row,
      features: Object.fromEntries(
        Object.entries(row.features ?? {}).map(([name, value]) => [i % of === 0 ? (names[name] ?? name) : name, value]),
      ),
    }));
    return evaluated({ rows }).diagnosis.causes[0]?.title;
  };

  it('is told with what came instead, where that is as often', () => {
    const [first = '', second = ''] = Object.keys(rowsOf('renamed')[0]?.features ?? {});
    expect(renamed({ [first]: 'amout' })).toBe(`“${first}” no longer sent; “amout” came instead`);
    expect(renamed({ [first]: 'x', [second]: 'y' })).toContain('no longer sent; “x”, “y” came instead');
  });

  it('is told alone where it is null, whatever came', () => {
    const [gone, come] = evaluated({}).symptoms.features;
    if (gone === undefined || come === undefined) expect.fail('there are features');
    const lost = { ...gone, missingBefore: 0, missingNow: 1 };
    const arrived = { ...come, feature: 'x', missingBefore: 1, missingNow: 0.05 };
    expect(insteadText([{ ...lost, absentNow: 0 }], [lost, arrived])).toBe('');
    expect(insteadText([{ ...lost, absentNow: 1 }], [lost, arrived])).toBe('; “x” came instead');
  });

  it('is told alone, where more came or nothing', () => {
    const [first = ''] = Object.keys(rowsOf('renamed')[0]?.features ?? {});
    const rows = rowsOf('gone').map((row) => ({
      ...row,
      features: Object.fromEntries(
        Object.entries(row.features ?? {}).flatMap(([name, value]) =>
          name === first ? [['one', value] as const, ['other', value] as const] : [[name, value] as const],
        ),
      ),
    }));
    expect(evaluated({ rows }).diagnosis.causes[0]?.title).toBe(`“${first}” no longer sent`);
  });
});

describe('which causes compete', () => {
  const quiet = evaluated({}).symptoms;

  it('nothing is blamed while nothing is established', () => {
    expect(quiet.findings).toEqual([]);
    expect(inPlay(quiet)).toEqual(['none']);
    const answers = { ...quiet.prediction, topShare: 0.99, topShareBefore: 0.5 };
    expect(inPlay({ ...quiet, prediction: answers })).toEqual(['none']);
  });

  it('errors that may be chance are no drift; errors beyond chance are', () => {
    const chance = withLabels(quiet, 850, 240);
    expect(errorsRose(chance)).toBe(false);
    expect(inPlay(chance)).toEqual(['none']);
    expect(inPlay(withLabels(quiet, 850, 225))).toContain('concept-drift');
    expect(inPlay(withLabels(quiet, 850, 240, 0.15))).toEqual(['none']);
    expect(inPlay(withLabels(quiet, 850, 254, 0.3))).toEqual(['none']);
    expect(inPlay(withLabels(quiet, 850, 240, 0.3))).toContain('concept-drift');
  });

  it('while most calls fail, only causes of failing calls', () => {
    const rows = rowsOf('outage').map((row, i) =>
      i % 4 === 0 ? { ...row, confidence: 0.1 } : failed('http_5xx', 500),
    );
    const { symptoms, diagnosis } = evaluated({ rows });
    expect(symptoms.findings.map(({ detector }) => detector)).toContain('low-confidence');
    expect(inPlay(symptoms)).toEqual(['endpoint-errors', 'unknown']);
    expect(diagnosis.causes[0]?.id).toBe('endpoint-errors');
  });

  it('nothing is wrong only while no check found anything, and unknown from then on', () => {
    const found = evaluated({ rows: rowsOf('now').map((row, i) => (i % 5 === 0 ? failed('http_5xx') : row)) }).symptoms;
    expect(inPlay(found)).toContain('unknown');
    expect(inPlay(found)).not.toContain('none');
  });

  it('inputs as usual at these hours are no other traffic', () => {
    const mixed = rowsOf('now').map((row, i) =>
      i % 2 === 0 ? { ...row, features: { ...row.features, c1: 'd' } } : row,
    );
    const { symptoms } = evaluated({ rows: mixed });
    expect(inPlay(symptoms)).toContain('traffic-mix-change');
    const usual = { ...symptoms.differential, sameHour: { explained: 0.95, baselineRows: 500 } };
    const atPeak = { ...symptoms, differential: usual };
    expect(inPlay(atPeak)).toContain('seasonal-pattern');
    expect(inPlay(atPeak)).not.toContain('traffic-mix-change');
    expect(diagnose(atPeak).causes[0]?.id).toBe('seasonal-pattern');
  });

  it('a model that used to be sure is not underconfident by nature', () => {
    const rows = rowsOf('now').map((row) => ({ ...row, confidence: 0.1 }));
    expect(inPlay(evaluated({ rows }).symptoms)).not.toContain('underconfident-model');
    expect(inPlay(evaluated({ rows, withBaseline: false }).symptoms)).toContain('underconfident-model');
  });
});

describe('labels that are the predictions the other way round', () => {
  const [quiet, share] = [evaluated({}).symptoms, (part: number) => proportion(part * 400, 400)];
  const sure = (part: number) => ({ ...share(part), interval: { low: part, high: part, level: 0.95 } });
  const leaking = withLabels(
    { ...quiet, differential: { ...quiet.differential, labelAssociation: { feature: 'age', before: 0.5, now: 0.9 } } },
    750,
    0,
  );

  it('are no leak, though the inputs tell them now', () => {
    expect(inPlay(leaking)).toContain('feature-leak');
    const exchangedLabels = { of: 400, classes: 2, asTheyStand: sure(0), exchanged: sure(1), followsInputs: 1 };
    const exchanged = { ...leaking, differential: { ...leaking.differential, exchangedLabels } };
    expect(inPlay(exchanged)).toContain('labels-wrong');
    expect(inPlay(exchanged)).not.toContain('feature-leak');
  });
});
