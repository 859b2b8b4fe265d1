import { z } from 'zod';
import { shownAddress } from '../../domain/shown-address.js';
import {
  VALIDATION_CRITERIA,
  VALIDATION_PURPOSES,
  type AccuracyComparison,
  type Comparison,
  type Estimate,
  type Validation,
} from '../../domain/validation.js';
import {
  instant,
  intervalSchema,
  intervalView,
  nullableInstant,
  nullableNumber,
  nullableText,
  orNull,
  proportionSchema,
  proportionView,
} from './estimates.js';

const verdict = z.enum(['pass', 'fail', 'inconclusive']);
const estimate = z.object({ value: z.number(), interval: intervalSchema }).meta({ id: 'Estimate' });
const accuracy = z.object({
  labelled: z.number(),
  current_right: z.number(),
  candidate_right: z.number(),
  only_current_right: z.number(),
  only_candidate_right: z.number(),
  difference: estimate,
  p_value: z.number(),
});
const comparison = z
  .object({
    inputs: z.object({ golden: z.number(), mirrored: z.number(), generated: z.number() }),
    agreement: proportionSchema.nullable(),
    numeric_tolerance: nullableNumber,
    confidence_shift: estimate.nullable(),
    candidate_errors: proportionSchema,
    current_errors: proportionSchema.nullable(),
    latency_ratio: estimate.nullable(),
    latency_difference_seconds: nullableNumber,
    accuracy: accuracy.nullable(),
    golden: z.object({ compared: z.number(), as_baseline: z.number() }),
  })
  .meta({ id: 'Comparison' });

export const validationSchema = z
  .object({
    id: z.string(),
    model_id: z.string(),
    candidate_url: z.string(),
    purpose: z.enum(VALIDATION_PURPOSES),
    state: z.enum(['running', 'finished', 'failed']),
    started_at_ms: instant,
    finished_at_ms: nullableInstant,
    current_version: nullableText,
    candidate_version: nullableText,
    calls: z.number(),
    verdict: verdict.nullable(),
    reasons: z.array(z.string()),
    criteria: z.array(z.object({ name: z.enum(VALIDATION_CRITERIA), verdict, text: z.string() })),
    comparison: comparison.nullable(),
    requested_by: z.string(),
  })
  .meta({ id: 'Validation' });

const estimateView = ({ value, interval }: Estimate): z.output<typeof estimate> => ({
  value,
  interval: intervalView(interval),
});

const accuracyView = (compared: AccuracyComparison): z.output<typeof accuracy> => ({
  labelled: compared.labelled,
  current_right: compared.currentRight,
  candidate_right: compared.candidateRight,
  only_current_right: compared.onlyCurrentRight,
  only_candidate_right: compared.onlyCandidateRight,
  difference: estimateView(compared.difference),
  p_value: compared.pValue,
});

const comparisonView = (compared: Comparison): z.output<typeof comparison> => ({
  inputs: {
    golden: compared.inputs.golden,
    mirrored: compared.inputs.mirrored,
    generated: compared.inputs.generated,
  },
  agreement: orNull(compared.agreement, proportionView),
  numeric_tolerance: compared.numericTolerance,
  confidence_shift: orNull(compared.confidenceShift, estimateView),
  candidate_errors: proportionView(compared.candidateErrors),
  current_errors: orNull(compared.currentErrors, proportionView),
  latency_ratio: orNull(compared.latencyRatio, estimateView),
  latency_difference_seconds: compared.latencyDifferenceSeconds,
  accuracy: orNull(compared.accuracy, accuracyView),
  golden: { compared: compared.golden.compared, as_baseline: compared.golden.asBaseline },
});

/** A comparison of a candidate with the model in service, running or finished. */
export const validationView = (validation: Validation): z.output<typeof validationSchema> => ({
  id: validation.id,
  model_id: validation.modelId,
  candidate_url: shownAddress(validation.candidateUrl),
  purpose: validation.purpose,
  state: validation.state,
  started_at_ms: validation.startedAtMs,
  finished_at_ms: validation.finishedAtMs,
  current_version: validation.currentVersion,
  candidate_version: validation.candidateVersion,
  calls: validation.calls,
  verdict: validation.verdict,
  reasons: [...validation.reasons],
  criteria: validation.criteria.map(({ name, verdict: judged, text }) => ({ name, verdict: judged, text })),
  comparison: orNull(validation.comparison, comparisonView),
  requested_by: validation.requestedBy,
});
