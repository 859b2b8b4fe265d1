import { z } from 'zod';
import { CAUSE_IDS, type Cause, type Diagnosis, type EvidenceStatement } from '../../domain/cause.js';
import type { Impact } from '../../domain/impact.js';
import { SEVERITIES } from '../../domain/severity.js';
import { NOTED_KINDS, DECOMPOSITION_PARTS } from '../../domain/symptoms.js';
import {
  instant,
  intervalSchema,
  intervalView,
  nullableInstant,
  nullableNumber,
  nullableText,
  orNull,
} from './estimates.js';
import { blindSpotSchema, blindSpotView, findingSchema, findingView, windowSchema, windowView } from './findings.js';

const statement = z
  .object({ text: z.string(), log_odds: z.number(), indicator: z.string(), source: z.string() })
  .meta({ id: 'EvidenceStatement' });
const causeSchema = z
  .object({
    id: z.enum(CAUSE_IDS),
    title: z.string(),
    log_odds: z.number(),
    probability: z.number(),
    supporting: z.array(statement),
    refuting: z.array(statement),
    features: z.array(z.string()),
    segments: z.array(z.string()),
    share_explained: nullableNumber,
  })
  .meta({ id: 'Cause' });

const repair = z
  .object({
    feature: z.string(),
    transformation: z.string(),
    parameters: z.record(z.string(), z.union([z.number(), z.string()])),
    fit: z.number(),
    since_ms: nullableInstant,
    sentence: z.string(),
  })
  .meta({ id: 'FeatureRepair' });
const segment = z
  .object({
    predicate: z.string(),
    rows: z.number(),
    share: z.number(),
    measure: z.enum(['confidence', 'errors', 'accuracy']),
    before: nullableNumber,
    now: z.number(),
    rest_change: nullableNumber,
    contribution: z.number(),
    method: z.enum(['slice-line', 'pair-counts', 'poisson-scan']),
    p_value: z.number(),
    confirmed: z.boolean().nullable(),
  })
  .meta({ id: 'Segment' });
const decomposition = z
  .object({
    measure: z.enum(['confidence', 'accuracy', 'estimated accuracy']),
    before: z.number(),
    now: z.number(),
    total: z.number(),
    total_interval: intervalSchema.nullable(),
    parts: z.array(
      z.object({ name: z.enum(DECOMPOSITION_PARTS), value: z.number(), interval: intervalSchema.nullable() }),
    ),
    remainder: z.number(),
    method: z.enum(['counts', 'reweighting', 'experiment']),
    interventional: z.boolean(),
    effective_rows: nullableNumber,
  })
  .meta({ id: 'Decomposition' });
const attribution = z
  .object({ feature: z.string(), value: z.number(), standard_error: nullableNumber, method: z.string() })
  .meta({ id: 'Attribution' });
const experiment = z
  .object({
    at_ms: instant,
    kind: z.string(),
    output: z.enum(['confidence', 'prediction']),
    calls: z.number(),
    calls_budget: z.number(),
    call_failures: z.number(),
    pairs: z.number(),
    total: z.number(),
    additivity_gap: z.number(),
    model_shift: nullableNumber,
    limitation: nullableText,
  })
  .meta({ id: 'Experiment' });
const surrogate = z
  .object({
    output: z.enum(['confidence', 'prediction']),
    rows: z.number(),
    r_squared: z.number(),
    is_used: z.boolean(),
  })
  .meta({ id: 'Surrogate' });
export const impactSchema = z
  .object({
    harm: z.enum(['no-answer', 'wrong-answer', 'late-answer']),
    share: z.number(),
    interval: intervalSchema,
    basis: z.enum(['counted', 'golden', 'confidence']),
    sentence: z.string(),
  })
  .meta({ id: 'Impact' });

/** What it costs users. */
export const impactView = ({ harm, share, interval, basis, sentence }: Impact): z.output<typeof impactSchema> => ({
  harm,
  share,
  interval: intervalView(interval),
  basis,
  sentence,
});

export const diagnosisSchema = z
  .object({
    at_ms: instant,
    window: windowSchema,
    severity: z.enum(SEVERITIES),
    severity_reason: z.string(),
    since_ms: nullableInstant.meta({ description: 'when it began, as near as it can be told; null where it cannot' }),
    impact: impactSchema.nullable(),
    causes: z.array(causeSchema),
    findings: z.array(findingSchema),
    features: z.array(z.string()),
    repairs: z.array(repair),
    segments: z.array(segment),
    decomposition: decomposition.nullable(),
    attributions: z.array(attribution),
    experiment: experiment.nullable(),
    surrogate: surrogate.nullable(),
    changes: z.array(z.object({ at_ms: instant, kind: z.enum(NOTED_KINDS), text: z.string() })),
    unexplained: nullableText,
    blind_spots: z.array(blindSpotSchema),
  })
  .meta({ id: 'Diagnosis' });

const statementView = ({ text, logOdds, indicator, source }: EvidenceStatement): z.output<typeof statement> => ({
  text,
  log_odds: logOdds,
  indicator,
  source,
});

function causeView(cause: Cause): z.output<typeof causeSchema> {
  return {
    id: cause.id,
    title: cause.title,
    log_odds: cause.logOdds,
    probability: cause.probability,
    supporting: cause.supporting.map(statementView),
    refuting: cause.refuting.map(statementView),
    features: [...cause.features],
    segments: [...cause.segments],
    share_explained: cause.shareExplained,
  };
}

const segmentView = (found: Diagnosis['segments'][number]): z.output<typeof segment> => ({
  predicate: found.predicate,
  rows: found.rows,
  share: found.share,
  measure: found.measure,
  before: found.before,
  now: found.now,
  rest_change: found.restChange,
  contribution: found.contribution,
  method: found.method,
  p_value: found.pValue,
  confirmed: found.confirmed,
});

const decompositionView = (found: NonNullable<Diagnosis['decomposition']>): z.output<typeof decomposition> => ({
  measure: found.measure,
  before: found.before,
  now: found.now,
  total: found.total,
  total_interval: orNull(found.totalInterval, intervalView),
  parts: found.parts.map(({ name, value, interval }) => ({ name, value, interval: orNull(interval, intervalView) })),
  remainder: found.remainder,
  method: found.method,
  interventional: found.interventional,
  effective_rows: found.effectiveRows,
});

const experimentView = (done: NonNullable<Diagnosis['experiment']>): z.output<typeof experiment> => ({
  at_ms: done.atMs,
  kind: done.kind,
  output: done.output,
  calls: done.calls,
  calls_budget: done.callsBudget,
  call_failures: done.callFailures,
  pairs: done.pairs,
  total: done.total,
  additivity_gap: done.additivityGap,
  model_shift: done.modelShift,
  limitation: done.limitation,
});

/** What the investigation concluded; parts that older versions did not store are empty. */
export function diagnosisView(diagnosis: Diagnosis): z.output<typeof diagnosisSchema> {
  return {
    at_ms: diagnosis.atMs,
    window: windowView(diagnosis.window),
    severity: diagnosis.severity,
    severity_reason: diagnosis.severityReason,
    since_ms: diagnosis.sinceMs ?? null,
    impact: orNull(diagnosis.impact, impactView),
    causes: diagnosis.causes.map(causeView),
    findings: diagnosis.findings.map(findingView),
    features: [...diagnosis.features],
    repairs: (diagnosis.repairs ?? []).map(({ feature, transformation, parameters, fit, sinceMs, sentence }) => ({
      feature,
      transformation,
      parameters: { ...parameters },
      fit,
      since_ms: sinceMs,
      sentence,
    })),
    segments: diagnosis.segments.map(segmentView),
    decomposition: orNull(diagnosis.decomposition, decompositionView),
    attributions: diagnosis.attributions.map(({ feature, value, standardError, method }) => ({
      feature,
      value,
      standard_error: standardError,
      method,
    })),
    experiment: orNull(diagnosis.experiment, experimentView),
    surrogate: orNull(diagnosis.surrogate, ({ output, rows, rSquared, isUsed }) => ({
      output,
      rows,
      r_squared: rSquared,
      is_used: isUsed,
    })),
    changes: diagnosis.changes.map(({ atMs, kind, text }) => ({ at_ms: atMs, kind, text })),
    unexplained: diagnosis.unexplained,
    blind_spots: diagnosis.blindSpots.map(blindSpotView),
  };
}
