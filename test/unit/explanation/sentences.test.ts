import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET, type AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import { CAUSE_IDS, type CauseId } from '../../../exporter/src/domain/cause.js';
import { DETECTOR_IDS } from '../../../exporter/src/domain/finding.js';
import { FAILURE_REASONS } from '../../../exporter/src/domain/observation.js';
import type { Symptoms } from '../../../exporter/src/domain/symptoms.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { explain } from '../../../exporter/src/explanation/explain.js';
import { renderReport } from '../../../exporter/src/explanation/report/index.js';
import { diagnose } from '../../../exporter/src/rca/diagnose.js';
import { CAUSE_DEFINITIONS } from '../../../exporter/src/rca/causes/index.js';
import { recommend } from '../../../exporter/src/recommendation/recommend.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { failed, evaluated, golden, rowsOf, type Case } from '../rca/evaluated-case.js';
import { anySymptoms, textsOf } from './sentences.js';

const said = (symptoms: Symptoms): Said => {
  const diagnosis = diagnose(symptoms);
  const explanation = explain(diagnosis, 'm');
  const proposals = recommend(diagnosis, {
    modelId: 'm',
    modelName: 'm',
    targets: [],
    validation: null,
    track: () => null,
    successEstimate: () => ({ mean: 0.5, lowerQuantile20: 0.3, low: 0, high: 1 }),
    verification: DEFAULT_VERIFICATION_TIMES,
    hasBaseline: symptoms.hasBaseline,
    versionLabel: null,
  });
  return { symptoms, diagnosis, explanation, proposals };
};
type Said = Pick<Evaluation, 'symptoms' | 'diagnosis' | 'explanation' | 'proposals'>;

/** Identifiers of the code, as they must not stand in a sentence. Those that are a single word are words as well. */
const SLUGS = [...CAUSE_IDS, ...DETECTOR_IDS, ...FAILURE_REASONS, 'latency_seconds', 'standard-deviations'].filter(
  (id) => /[-_]/.test(id),
);

const HARM =
  /Users (receive|wait)|Most calls fail|calls get no prediction|predictions are wrong|responses are (later|slow)/;
const NO_HARM = /No harm|no sign so far|no problem found|cannot be told from chance so far/i;
/** Facts of health: nothing that is as it should be speaks against a cause that does not predict otherwise. */
const HEALTH =
  /(is|are) (as before|as fast as before|valid)|always (had|got)|Every call is answered|Something listens|No feature lost/;

/** What no text may have, with the reason. */
const FAULTS: readonly (readonly [what: string, fault: RegExp])[] = [
  [
    'a plural of one',
    /(?<![\d.,–-])1 (?!of\b)(?:other )?[a-z]+ ?(?:[a-z]+s)\b(?<!\b(?:s|is|was|has|less|less|this))(?=[ .,;)])/,
  ],
  ['a backtick', /`/],
  ['the key of a signal', /feature:\S/],
  ['a value that is none', /\b(NaN|undefined|null|Infinity|\[object)\b/],
  ['more than six digits', /(?<![\d:-])\d+\.\d{7,}|\d\.\d*[1-9]\d{6,}/],
  ['two full stops', /\.\.|\. \.|\.\)\.|: ?\.|\( ?\)/],
  ['a minus of zero', /[-−]0\.00\b(?! to)/],
];

function faultsOf({ symptoms, diagnosis, explanation, proposals }: Said): string[] {
  const texts = textsOf(diagnosis, explanation, proposals);
  const whole = texts.map(([, text]) => text).join('\n');
  return [
    ...texts.flatMap(([place, text]) => [
      ...FAULTS.filter(([, fault]) => fault.test(text)).map(([what]) => `${what} in ${place}: ${text}`),
      ...SLUGS.filter((slug) => new RegExp(`(^|[^\\w-])${slug}($|[^\\w-])`).test(text)).map(
        (slug) => `the slug ${slug} in ${place}: ${text}`,
      ),
    ]),
    ...contradictions(texts, whole),
    ...unmeasured(symptoms, whole),
    ...diagnosis.causes.flatMap(({ id, refuting }) =>
      refuting
        .filter(({ indicator, text }) => HEALTH.test(text) && !leadsOf(id).includes(indicator))
        .map(({ text }) => `a fact of health against ${id}: ${text}`),
    ),
  ];
}

const leadsOf = (id: CauseId): readonly string[] =>
  CAUSE_DEFINITIONS.find((cause) => cause.id === id)?.leadIndicators ?? [];

function contradictions(texts: readonly (readonly [string, string])[], whole: string): string[] {
  const harm = texts.find(([, text]) => HARM.test(text));
  const none = texts.find(([, text]) => NO_HARM.test(text));
  return [
    ...(harm !== undefined && none !== undefined ? [`harm and no harm: “${harm[1]}” and “${none[1]}”`] : []),
    ...(/No other feature moved/.test(whole) &&
    /[2-9] of \d+ features moved/.test(whole) &&
    /other features? moved too/.test(whole)
      ? ['another feature moved and did not']
      : []),
  ];
}

/** Statements about what was not measured. */
function unmeasured({ service, golden: { compared }, features, labels }: Symptoms, whole: string): string[] {
  const claims: readonly (readonly [boolean, RegExp])[] = [
    [service.latencyBefore !== null && service.latencyNow !== null, /as fast as before/],
    [service.failures.count < service.failures.of, /arrive are valid|of the calls are answered/],
    [service.failures.count === 0, /Every call is answered/],
    [compared > 0, /Every golden input|have the fields they always had/],
    [features.length > 0, /No input feature moved|No feature lost values|particular group of requests|has disappeared/],
    [labels.accuracyBefore !== null && labels.accuracyNow !== null, /Labelled predictions are right as often/],
  ];
  return claims
    .filter(([measured, claim]) => !measured && claim.test(whole))
    .map(([, claim]) => `not measured: ${claim.source}`);
}

const MUTATIONS: Readonly<Record<string, (rows: ReturnType<typeof rowsOf>) => Case>> = {
  quiet: (rows) => ({ rows }),
  'no baseline': (rows) => ({ rows, withBaseline: false }),
  'after a restart': (rows) => ({ rows, withBaselineRows: false }),
  'one call': (rows) => ({ rows: rows.slice(0, 1) }),
  'all fail': (rows) => ({ rows: rows.map(() => failed('timeout')) }),
  'one third fails': (rows) => ({ rows: rows.map((row, i) => (i % 3 === 0 ? failed('http_5xx', 503) : row)) }),
  scaled: (rows) => ({
    rows: rows.map((row) => ({ ...row, features: { ...row.features, n1: 100 * Number(row.features?.['n1']) } })),
  }),
  flooded: (rows) => ({
    rows: rows.map((row, i) => ({
      ...row,
      features: { ...row.features, c1: i % 2 === 0 ? null : (row.features?.['c1'] ?? null) },
    })),
  }),
  renamed: (rows) => ({
    rows: rows.map((row) => ({
      ...row,
      features: { ...row.features, c1: row.features?.['c1'] === 'a' ? 'alpha' : (row.features?.['c1'] ?? null) },
    })),
  }),
  'new categories': (rows) => ({
    rows: rows.map((row, i) => ({
      ...row,
      features: { ...row.features, c2: i % 4 === 0 ? 'z' : (row.features?.['c2'] ?? null) },
    })),
  }),
  'constant answers': (rows) => ({ rows: rows.map((row) => ({ ...row, prediction: 'yes', confidence: 0.9 })) }),
  'low confidence': (rows) => ({ rows: rows.map((row) => ({ ...row, confidence: 0.2 })) }),
  slow: (rows) => ({ rows: rows.map((row) => ({ ...row, latencySeconds: 2.5 })) }),
  'golden turned': (rows) => ({ rows, now: golden('no', 0.6) }),
  'accuracy fell': (rows) => ({ rows, labels: { before: 170, now: 120 } }),
};

describe('what is said of an incident', () => {
  it('holds for symptoms of every kind and size', { timeout: 60_000 }, () => {
    const considered = new Set<CauseId>();
    fc.assert(
      fc.property(anySymptoms, (symptoms) => {
        const evaluation = said(symptoms);
        for (const { id } of evaluation.diagnosis.causes) considered.add(id);
        expect(faultsOf(evaluation)).toEqual([]);
      }),
      { numRuns: 1_500, seed: 12 },
    );
    expect(CAUSE_IDS.filter((id) => !considered.has(id))).toEqual([]);
  });

  it.each(Object.entries(MUTATIONS))('holds for rows as they come: %s', { timeout: 30_000 }, (name, mutate) => {
    for (const count of [1, 40, 200]) {
      const evaluation = evaluated(mutate(rowsOf(name, count)));
      const { symptoms, diagnosis, explanation, proposals } = evaluation;
      expect(faultsOf({ symptoms, diagnosis, explanation, proposals })).toEqual([]);
      const input = {
        modelName: 'm',
        incident: null,
        diagnosis,
        explanation,
        recommendations: proposals,
        similar: [],
        baseline: null,
        window: null,
        generatedAtMs: 1,
      };
      expect(renderReport('markdown', input)).not.toMatch(/NaN|undefined|\bnull\b|\.\d{7,}|standard-deviations/);
    }
  });
});

describe('what cannot be judged yet', () => {
  const untilMs = Date.parse('2026-11-26T14:05:00Z');
  const signal = {
    subject: 'feature:age',
    watch: 'provisional',
    logEvidence: 12,
    logRatio: 5,
    changeAtMs: null,
    direction: 'up',
    statistic: 'level',
    blockSamples: 10,
    weight: 0.1,
    note: null,
  } as const;
  const evidence: AlertEvidence = {
    verdict: 'quiet',
    logEvidence: 1,
    logLine: 10,
    logWarningLine: 5,
    lineShare: 0.5,
    budgetLeft: 1,
    confirmed: [],
    suspects: [],
    changeAtMs: null,
    provisionalUntilMs: untilMs,
    recovered: false,
    signals: [signal, { ...signal, subject: 'feature:income' }],
    budget: DEFAULT_FALSE_PAGE_BUDGET,
  };

  it('is said with the time from which it can, on the page and in the explanation', () => {
    const rows = rowsOf('scaled').map((row) => ({
      ...row,
      features: { ...row.features, n1: 12 * Number(row.features?.['n1']) },
    }));
    const { diagnosis, explanation, pages } = evaluated({ rows, evidence });
    expect(pages).toBe(false);
    expect(diagnosis.blindSpots).toContainEqual({
      check: 'shifts of “age” and 1 more signal',
      reason:
        'shifts alert nobody before 2026-11-26 14:05 UTC: until two days are seen, a daily pattern cannot be told from a change (paging.season: auto)',
    });
    expect(explanation.paragraphs.join(' ')).toContain('For now, shifts alert nobody before 2026-11-26 14:05 UTC');
  });

  it('is not mentioned once everything can be judged', () => {
    const judged = { ...evidence, provisionalUntilMs: null, signals: [{ ...signal, watch: 'watching' as const }] };
    const { diagnosis, explanation } = evaluated({ evidence: judged });
    expect(JSON.stringify([diagnosis, explanation])).not.toContain('alert nobody');
  });
});
