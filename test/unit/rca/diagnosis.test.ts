import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { WEIGHTS } from '../../../exporter/src/rca/causes/weights.js';
import { INDICATORS } from '../../../exporter/src/rca/indicators/index.js';
import { CAUSE_DEFINITIONS } from '../../../exporter/src/rca/causes/index.js';
import { CAUSE_IDS, hasTrait } from '../../../exporter/src/domain/cause.js';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { baselineOf, profileOf } from '../detection/rows.js';
import { BASELINE_ROWS, failed, golden, evaluated, rowsOf, type Case } from './evaluated-case.js';

const changed = (change: (row: Observation, i: number) => Observation): Observation[] => rowsOf('now').map(change);
const withFeature = (row: Observation, name: string, value: number | string | null): Observation => ({
  ...row,
  features: { ...row.features, [name]: value },
});

const labelled = (row: Observation, isRight: boolean): Observation => ({
  ...row,
  label: (row.prediction === 'yes') === isRight ? 'yes' : 'no',
});
/** Answers that follow one feature, half of them yes. */
const follow = (row: Observation): Observation => ({
  ...row,
  prediction: Number(row.features?.n1) > 50 ? 'yes' : 'no',
});
const FOLLOWING = { baselineRows: BASELINE_ROWS.map(follow) };
const following = (change: (row: Observation, i: number) => Observation): Observation[] =>
  changed((row, i) => change(follow(row), i));

/** Ways to fail, made from quiet rows: the cause and severity that must be named. */
const CASES: readonly (readonly [name: string, cause: string, severity: string, made: Case, feature?: string])[] = [
  ['nothing', 'none', 'none', {}],
  [
    'every call times out',
    'model-unreachable',
    'critical',
    { rows: Array.from({ length: 30 }, () => failed('timeout')) },
  ],
  [
    'every fifth call fails',
    'endpoint-errors',
    'high',
    { rows: changed((row, i) => (i % 5 === 0 ? failed('http_5xx') : row)) },
  ],
  [
    'answers take eight times as long',
    'slow-endpoint',
    'medium',
    { rows: changed((row) => ({ ...row, latencySeconds: (row.latencySeconds ?? 0) * 8 })) },
  ],
  ['golden inputs get another class', 'model-changed', 'high', { now: golden('no', 0.9) }],
  [
    'golden inputs keep their class, less surely; live confidence falls',
    'calibration-decay',
    'high',
    { now: golden('yes', 0.75), rows: changed((row) => ({ ...row, confidence: (row.confidence ?? 0) - 0.15 })) },
  ],
  [
    'a feature in hundredths',
    'unit-change',
    'medium',
    { rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 100)) },
    'n1',
  ],
  [
    '°C become °F',
    'unit-change',
    'medium',
    { rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 1.8 + 32)) },
    'n1',
  ],
  [
    'half of a feature missing',
    'null-flood',
    'medium',
    { rows: changed((row, i) => (i % 2 === 0 ? withFeature(row, 'n1', null) : row)) },
    'n1',
  ],
  [
    'a category renamed',
    'category-rename',
    'medium',
    { rows: changed((row) => (row.features?.c1 === 'a' ? withFeature(row, 'c1', 'alpha') : row)) },
    'c1',
  ],
  [
    'other proportions of known categories',
    'traffic-mix-change',
    'low',
    { rows: changed((row, i) => (i % 2 === 0 ? withFeature(row, 'c1', 'd') : row)) },
    'c1',
  ],
  [
    'three features spread out',
    'input-drift',
    'low',
    {
      rows: changed((row) =>
        ['n1', 'n2', 'n4'].reduce(
          (r, n) => withFeature(r, n, Number(r.features?.[n]) + 25 * Math.sin(Number(r.features?.[n]) * 7)),
          row,
        ),
      ),
    },
  ],
  [
    'fewer answers right, inputs and golden answers as ever',
    'concept-drift',
    'high',
    { labels: { before: 180, now: 130 } },
  ],
  [
    'labels the other way round, all of them',
    'labels-wrong',
    'medium',
    { ...FOLLOWING, labels: { before: 180, now: 20 }, rows: following((row, i) => labelled(row, i % 10 === 0)) },
  ],
  [
    'two outcomes in three turned',
    'concept-drift',
    'high',
    { ...FOLLOWING, labels: { before: 180, now: 76 }, rows: following((row, i) => labelled(row, i % 100 < 38)) },
  ],
  [
    'answers the other way round, as many of each class as before, right labels',
    'concept-drift',
    'high',
    {
      ...FOLLOWING,
      labels: { before: 180, now: 20 },
      rows: following((row, i) =>
        labelled({ ...row, prediction: row.prediction === 'yes' ? 'no' : 'yes' }, i % 10 === 0),
      ),
    },
  ],
  ['labels that never equal a prediction', 'labels-wrong', 'medium', { labels: { before: 0, now: 0 } }],
  [
    'labels the other way round of answers that follow no input',
    'concept-drift',
    'high',
    { labels: { before: 180, now: 20 }, rows: changed((row, i) => labelled(row, i % 10 === 0)) },
  ],
  [
    'one answer for everything',
    'prediction-collapse',
    'critical',
    { now: golden('no', 0.9), rows: changed((row) => ({ ...row, prediction: 'no', confidence: 0.9 })) },
  ],
  [
    'low confidence throughout, no baseline',
    'underconfident-model',
    'high',
    {
      withBaseline: false,
      now: golden('yes', 0.2),
      rows: changed((row) => ({ ...row, confidence: 0.1 + (row.confidence ?? 0) / 8 })),
    },
  ],
];

const INVERTED: Case = {
  ...FOLLOWING,
  labels: { before: 180, now: 20 },
  rows: following((row, i) => labelled(row, i % 10 === 0)),
};
const FOR_ANOTHER_REASON: readonly (readonly [string, Case])[] = [
  [
    'predictions are in another mix',
    {
      ...INVERTED,
      rows: changed((row, i) => {
        const moved = i % 10 < 7 ? withFeature(row, 'n1', 50 + Number(row.features?.n1) / 2) : row;
        return labelled(follow(moved), i % 10 === 0);
      }),
    },
  ],
  [
    'another version is in service',
    { ...INVERTED, changes: [{ kind: 'model-version', text: 'Version 8 was deployed.', atMs: 900 }] },
  ],
];

it.each(FOR_ANOTHER_REASON)('labels the other way round are not wrong by themselves where %s', (_, made) => {
  expect(evaluated(INVERTED).diagnosis.causes[0]?.id).toBe('labels-wrong');
  const { causes } = evaluated(made).diagnosis;
  expect(causes.map(({ id }) => id)).not.toContain('labels-wrong');
});

describe('diagnosis', () => {
  it('has every cause of the closed list in the table', () => {
    expect(CAUSE_DEFINITIONS.map(({ id }) => id).sort()).toEqual([...CAUSE_IDS].sort());
  });

  it('has weights for exactly the causes and indicators there are', () => {
    expect(WEIGHTS.indicators).toEqual(INDICATORS.map(({ id }) => id));
    // Causes that are told by a fact are weighed as the broader cause they stand for, or compete with none.
    const fitted = CAUSE_IDS.filter(
      (id) => !hasTrait(id, 'says-itself') && !hasTrait(id, 'alone') && id !== 'labels-wrong',
    );
    expect(Object.keys(WEIGHTS.causes).sort()).toEqual([...fitted].sort());
    for (const row of Object.values(WEIGHTS.causes)) expect(row).toHaveLength(INDICATORS.length + 1);
  });

  it('tells for every statement where it was read off, whatever the cause', () => {
    const { diagnosis } = evaluated({
      rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 100)),
    });
    for (const { supporting, refuting } of diagnosis.causes) {
      for (const { text, indicator, source, logOdds } of [...supporting, ...refuting]) {
        expect(INDICATORS.find(({ id }) => id === indicator)?.source).toBe(source);
        expect(Number.isFinite(logOdds) && text.length > 0).toBe(true);
      }
    }
  });

  it('tells for every runner-up it names why it lost', () => {
    const considered = CASES.flatMap(([, , , made]) =>
      evaluated(made).explanation.paragraphs.filter((paragraph) => paragraph.startsWith('Also considered: ')),
    );
    expect(considered.length).toBeGreaterThan(2);
    for (const paragraph of considered) {
      const named = paragraph.match(/\(\d+ %; /g) ?? [];
      const reasons = paragraph.match(/\(\d+ %; (against it: \S|fewer of its expected symptoms are present)/g) ?? [];
      expect([named.length > 0, reasons.length]).toEqual([true, named.length]);
    }
  });

  it.each(CASES.map(([name, cause, severity, made, feature]) => ({ name, cause, severity, made, feature })))(
    '$name → $cause ($severity)',
    ({ cause, severity, made, feature }) => {
      const { diagnosis, explanation, proposals } = evaluated(made);
      expect([diagnosis.causes[0]?.id, diagnosis.severity]).toEqual([cause, severity]);
      if (feature !== undefined) expect(diagnosis.features).toContain(feature);
      expect(diagnosis.causes.reduce((sum, { probability }) => sum + probability, 0)).toBeGreaterThan(0.95);
      expect([explanation.headline, ...explanation.paragraphs].join(' ')).not.toMatch(/undefined|NaN|\[object/);
      const ranks = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NONE'];
      const order = proposals.map(({ priority }) => ranks.indexOf(priority));
      expect(order).toEqual([...order].sort((a, b) => a - b));
      if (cause !== 'none') expect(proposals[0]?.priority).toBe(severity.toUpperCase());
    },
  );

  it('names the unit and the factor', () => {
    const { diagnosis } = evaluated({
      rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 100)),
    });
    expect(diagnosis.causes[0]?.supporting[0]?.text).toMatch(/“n1” looks multiplied by 100 \(R² 0\.9/);
    const celsius = evaluated({ rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 1.8 + 32)) });
    expect(celsius.diagnosis.causes[0]?.supporting[0]?.text).toMatch(/°C to °F/);
  });
});

describe('a model whose confidence alone changes from call to call', () => {
  const told = (confidence: number) =>
    evaluated({
      withBaseline: false,
      now: golden('yes', confidence, 0.3),
      rows: changed((row, i) => ({ ...row, confidence: confidence + 0.3 * (i % 2) })),
    }).diagnosis;

  it('is said to give the same predictions, and no harm is told of it', () => {
    const { causes, severity, severityReason } = told(0.6);
    expect(causes[0]?.title).toBe(
      'Unstable confidence: the same question gets the same prediction, with another confidence each time',
    );
    expect([severity, severityReason]).toEqual(['medium', expect.stringContaining('the prediction does not')]);
  });

  it('is said to be unsure where it is', () => {
    const { causes, severity } = told(0.05);
    expect(causes[0]?.title).toMatch(/low confidence|unsure/);
    expect(severity).toBe('high');
  });
});

describe('the report', () => {
  const hostile = evaluated({
    rows: changed((row, i) => (i % 2 === 0 ? withFeature(row, 'c1', '<img src=x onerror=alert(1)>') : row)),
  });
  const input = {
    modelName: '<script>alert(1)</script>',
    incident: null,
    diagnosis: hostile.diagnosis,
    explanation: hostile.explanation,
    recommendations: hostile.proposals,
    similar: [],
    baseline: baselineOf(BASELINE_ROWS),
    window: profileOf(rowsOf('now'), baselineOf(BASELINE_ROWS).profile),
    generatedAtMs: 0,
  };

  it('escapes what comes from outside, and asks nobody for anything', () => {
    const html = renderReport('html', input);
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('<img');
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).toContain('<svg');
  });

  it('comes as Markdown and CSV too', () => {
    expect(renderReport('markdown', input)).toMatch(/^# /);
    const [head, ...lines] = renderReport('csv', input).trim().split('\r\n');
    expect(head).toContain('detector,subject');
    expect(lines).toHaveLength(hostile.diagnosis.findings.length);
  });
});
