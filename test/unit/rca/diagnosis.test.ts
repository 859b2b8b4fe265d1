import { describe, expect, it } from 'vitest';
import { createGoldenMemory } from '../../../exporter/src/baseline/golden-memory.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { judge, type Judgement, type Subject } from '../../../exporter/src/pipeline.js';
import { CAUSES } from '../../../exporter/src/rca/causes/index.js';
import { CAUSE_IDS } from '../../../exporter/src/domain/cause.js';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, observation, profileOf, quietRow } from '../detection/rows.js';

const MODEL: Model = {
  id: modelId('m'),
  name: 'm',
  endpoint: null,
  versionLabel: null,
  owner: null,
  tags: [],
  goldenInputs: [],
  probePayloads: [],
  schedule: { intervalMs: 1, jitterShare: 0, concurrency: 1, timeoutMs: 1, probesPerCycle: 1, callsPerHour: null },
  state: 'healthy',
  paused: false,
  createdAtMs: 0,
};
const rowsOf = (seed: string, count = 200): Observation[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => quietRow(random, i + 1));
};
const golden = (prediction: string, confidence: number) => {
  const memory = createGoldenMemory((text) => text);
  for (let input = 0; input < 5; input += 1) {
    for (let repeat = 0; repeat < 4; repeat += 1) {
      memory.add(
        observation({
          source: 'golden',
          goldenId: `g${input}`,
          prediction,
          confidence: confidence + 0.005 * (repeat % 2),
        }),
        'prediction:string',
      );
    }
  }
  return memory.build();
};
const failed = (reason: 'timeout' | 'http_5xx'): Observation =>
  observation({
    prediction: null,
    confidence: null,
    failure: { reason, detail: '', httpStatus: null, retryAfterMs: null },
  });

interface Case {
  readonly rows?: readonly Observation[];
  readonly now?: readonly ReturnType<typeof golden>[number][];
  readonly labels?: { readonly before: number; readonly now: number };
  readonly withBaseline?: boolean;
}

const BASELINE_ROWS = rowsOf('baseline', 600);
const labelsOf = (correct: number) => ({
  labelled: 200,
  correct,
  labelledByConfidence: new Array<number>(10).fill(20),
  correctByConfidence: new Array<number>(10).fill(correct / 10),
  losses: {},
});

function judged({ rows = rowsOf('now'), now = golden('yes', 0.9), labels, withBaseline = true }: Case): Judgement {
  const plain = { ...baselineOf(BASELINE_ROWS), golden: golden('yes', 0.9) };
  const baseline =
    labels === undefined ? plain : { ...plain, profile: { ...plain.profile, labels: labelsOf(labels.before) } };
  const window = profileOf(rows, baseline.profile);
  const subject: Subject = {
    model: MODEL,
    baseline: withBaseline ? baseline : null,
    learning: null,
    window: labels === undefined ? window : { ...window, labels: labelsOf(labels.now) },
    rows,
    baselineRows: withBaseline ? BASELINE_ROWS : [],
    goldenNow: now,
    forest: null,
    windowForest: null,
    evidence: null,
    consecutiveFailures: 0,
    lastAnswerAtMs: 1,
    lastPredictionAtMs: null,
    changes: [],
    experiment: null,
  };
  return judge(
    subject,
    {
      thresholds: DEFAULT_THRESHOLDS,
      lessons: [],
      targets: [],
      verification: DEFAULT_VERIFICATION_TIMES,
      validation: null,
    },
    1_000,
  );
}
const changed = (change: (row: Observation, i: number) => Observation): Observation[] => rowsOf('now').map(change);
const withFeature = (row: Observation, name: string, value: number | string | null): Observation => ({
  ...row,
  features: { ...row.features, [name]: value },
});

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
    'new-categories',
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
    'one answer for everything',
    'prediction-collapse',
    'critical',
    { rows: changed((row) => ({ ...row, prediction: 'no', confidence: 0.9 })) },
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

describe('diagnosis', () => {
  it('has every cause of the closed list in the table', () => {
    expect(CAUSES.map(({ id }) => id).sort()).toEqual([...CAUSE_IDS].sort());
  });

  it.each(CASES.map(([name, cause, severity, made, feature]) => ({ name, cause, severity, made, feature })))(
    '$name → $cause ($severity)',
    ({ cause, severity, made, feature }) => {
      const { diagnosis, explanation, proposals } = judged(made);
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
    const { diagnosis } = judged({ rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 100)) });
    expect(diagnosis.causes[0]?.supporting[0]?.text).toMatch(/`n1` looks multiplied by 100 \(R² 0\.9/);
    const celsius = judged({ rows: changed((row) => withFeature(row, 'n1', Number(row.features?.n1) * 1.8 + 32)) });
    expect(celsius.diagnosis.causes[0]?.supporting[0]?.text).toMatch(/°C to °F/);
  });
});

describe('the report', () => {
  const hostile = judged({
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

  it('comes as Markdown, JSON and CSV too', () => {
    expect(renderReport('markdown', input)).toMatch(/^# /);
    expect(JSON.parse(renderReport('json', input))).toMatchObject({ diagnosis: { modelId: 'm' } });
    const [head, ...lines] = renderReport('csv', input).trim().split('\r\n');
    expect(head).toContain('detector,subject');
    expect(lines).toHaveLength(hostile.diagnosis.findings.length);
  });
});
