import { z } from 'zod';
import { anyNumber, codec, inRow, renameKeys } from '../../domain/codec.js';
import type { Cause, Diagnosis, EvidenceStatement } from '../../domain/cause.js';
import { DETECTOR_IDS, isFindingSubject, type Finding } from '../../domain/finding.js';
import type { Impact } from '../../domain/impact.js';
import { INDICATOR_IDS } from '../../domain/indicator.js';
import { TIMELINE_KINDS, type Fingerprint, type IncidentRow } from '../../domain/incident.js';
import { SHARED_KINDS } from '../../domain/story-place.js';
import {
  NOTED_KINDS,
  DECOMPOSITION_PARTS,
  type ChangeEvent,
  type Decomposition,
  type ExperimentEvidence,
  type FeatureRepair,
  type SegmentEvidence,
  type SegmentPredicate,
} from '../../domain/symptoms.js';
import { cause as causeId, ids, interval, severity } from './fields.js';

const subject = z.string().transform((text, context) => {
  if (isFindingSubject(text)) return text;
  context.addIssue('is not what a finding can be about');
  return z.NEVER;
});

const optionalNumber = z.number().nullable();

const window = z.object({ fromMs: anyNumber, toMs: anyNumber, samples: anyNumber });
const statistic = z.object({ name: z.string(), value: anyNumber });

const finding: z.ZodType<Finding> = z.object({
  detector: z.enum(DETECTOR_IDS),
  subject,
  kind: z.enum(['service', 'quality', 'data', 'model', 'note']),
  direction: z.enum(['up', 'down', 'changed']),
  statistic,
  threshold: anyNumber,
  pValue: optionalNumber,
  effect: z.object({
    measure: z.enum(['standard-deviations', 'ratio', 'share', 'seconds', 'confidence', 'distance', 'count']),
    value: anyNumber,
    interval: interval.nullable(),
  }),
  cost: z.object({ measure: z.literal('accuracy'), value: anyNumber, interval }).exactOptional(),
  statistics: z.array(statistic),
  before: optionalNumber,
  now: optionalNumber,
  window,
  baselineSamples: optionalNumber,
  sentence: z.string(),
});

const impact: z.ZodType<Impact> = z.object({
  harm: z.enum(['no-answer', 'wrong-answer', 'late-answer']),
  share: anyNumber,
  interval,
  basis: z.enum(['counted', 'golden', 'confidence']),
  sentence: z.string(),
});

const statement: z.ZodType<EvidenceStatement> = z.object({
  text: z.string(),
  logOdds: anyNumber,
  indicator: z.enum(INDICATOR_IDS),
  source: z.enum([
    'calls',
    'golden inputs',
    'answers',
    'inputs',
    'labels',
    'declared changes',
    'findings',
    'evidence over time',
    'baseline',
  ]),
});

const cause: z.ZodType<Cause> = z.object({
  id: causeId,
  title: z.string(),
  logOdds: anyNumber,
  probability: anyNumber,
  supporting: z.array(statement),
  refuting: z.array(statement),
  features: z.array(z.string()),
  segments: z.array(z.string()),
  shareExplained: optionalNumber,
});

const repair: z.ZodType<FeatureRepair> = z.object({
  feature: z.string(),
  transformation: z.enum([
    'scale',
    'offset',
    'affine',
    'log',
    'default-value',
    'frozen',
    'rename',
    'swap',
    'rounding',
    'type-change',
  ]),
  parameters: z.record(z.string(), anyNumber.or(z.string())),
  fit: anyNumber,
  sinceMs: optionalNumber,
  sentence: z.string(),
});

const predicate: z.ZodType<SegmentPredicate> = z.discriminatedUnion('kind', [
  z.object({ feature: z.string(), kind: z.literal('equals'), value: z.string() }),
  z.object({ feature: z.string(), kind: z.literal('range'), low: optionalNumber, high: optionalNumber }),
  z.object({ feature: z.string(), kind: z.enum(['missing', 'other']) }),
]);

const segment: z.ZodType<SegmentEvidence> = z.object({
  predicate: z.string(),
  predicates: z.array(predicate),
  rows: anyNumber,
  share: anyNumber,
  measure: z.enum(['confidence', 'errors', 'accuracy']),
  before: optionalNumber,
  now: anyNumber,
  restChange: optionalNumber,
  contribution: anyNumber,
  method: z.enum(['slice-line', 'pair-counts', 'poisson-scan']),
  score: anyNumber,
  pValue: anyNumber,
  confirmed: z.boolean().nullable(),
});

const decomposition: z.ZodType<Decomposition> = z.object({
  measure: z.enum(['confidence', 'accuracy', 'estimated accuracy']),
  before: anyNumber,
  now: anyNumber,
  total: anyNumber,
  totalInterval: interval.nullable(),
  parts: z.array(z.object({ name: z.enum(DECOMPOSITION_PARTS), value: anyNumber, interval: interval.nullable() })),
  remainder: anyNumber,
  method: z.enum(['counts', 'reweighting', 'experiment']),
  interventional: z.boolean(),
  effectiveRows: optionalNumber,
});

const experiment: z.ZodType<ExperimentEvidence> = z.object({
  atMs: anyNumber,
  kind: z.literal('cohort-shapley'),
  output: z.enum(['confidence', 'prediction']),
  calls: anyNumber,
  callsBudget: anyNumber,
  callFailures: anyNumber,
  pairs: anyNumber,
  total: anyNumber,
  additivityGap: anyNumber,
  modelShift: optionalNumber,
  limitation: z.string().nullable(),
});

const change: z.ZodType<ChangeEvent> = z.object({
  atMs: z.number(),
  kind: z.enum(NOTED_KINDS),
  text: z.string(),
});

const diagnosis: z.ZodType<Diagnosis> = z.object({
  modelId: ids.model,
  atMs: z.number(),
  window,
  severity,
  severityReason: z.string(),
  sinceMs: optionalNumber.exactOptional(),
  impact: impact.nullable().exactOptional(),
  causes: z.array(cause),
  findings: z.array(finding),
  features: z.array(z.string()),
  repairs: z.array(repair).exactOptional(),
  segments: z.array(segment),
  decomposition: decomposition.nullable(),
  attributions: z.array(
    z.object({
      feature: z.string(),
      value: anyNumber,
      standardError: optionalNumber,
      method: z.enum(['interventional-shapley', 'surrogate-shapley', 'segment-contrast']),
    }),
  ),
  experiment: experiment.nullable(),
  surrogate: z
    .object({
      output: z.enum(['confidence', 'prediction']),
      rows: anyNumber,
      rSquared: anyNumber,
      isUsed: z.boolean(),
    })
    .nullable()
    .exactOptional(),
  changes: z.array(change),
  unexplained: z.string().nullable(),
  blindSpots: z.array(z.object({ check: z.string(), reason: z.string() })),
});

export const fingerprint: z.ZodType<Fingerprint> = z.record(z.string(), anyNumber);

const incident: z.ZodType<IncidentRow> = z.object({
  id: ids.incident,
  modelId: ids.model,
  openedAtMs: z.number(),
  closedAtMs: z.number().nullable(),
  severity,
  diagnosis,
  explanation: z.object({
    headline: z.string(),
    summary: z.string().exactOptional(),
    paragraphs: z.array(z.string()),
  }),
  fingerprint,
  worst: z.object({ impact, atMs: z.number() }).nullable().exactOptional(),
  story: z
    .object({
      id: ids.incident,
      shared: z.array(z.object({ kind: z.enum(SHARED_KINDS), name: z.string(), cause: causeId.exactOptional() })),
      beganMs: z.number().exactOptional(),
    })
    .exactOptional(),
});

/** Version 2 calls the question put to the evidence an indicator. */
const nameIndicators = (old: unknown): unknown => {
  const read = z.looseObject({ diagnosis: z.looseObject({ causes: z.unknown() }) }).safeParse(old);
  if (!read.success) return old;
  const { diagnosis: before, ...rest } = read.data;
  return { ...rest, diagnosis: { ...before, causes: renameKeys(before.causes, { sign: 'indicator' }) } };
};

/** One line of a timeline, whose columns are all there is of it. */
export const timelineRow = codec(
  'line of a timeline',
  z.object({ incident: z.string(), at_ms: z.number(), kind: z.enum(TIMELINE_KINDS), text: z.string() }),
);

/** The timeline's lines are rows of their own; a caller may pass one along, and it is left out. */
export const incidentCodec = inRow(
  codec('incident', incident, [nameIndicators], (value) => ({
    ...value,
    timeline: undefined,
  })),
  ({ id, modelId: model }) => ({ id, model }),
);
