import { z } from 'zod';
import type { MeanError, PerformanceEstimate } from '../../domain/performance.js';
import { intervalSchema, intervalView, orNull, proportionSchema, proportionView } from './estimates.js';

const meanError = z
  .object({ mean: z.number(), interval: intervalSchema, count: z.number() })
  .meta({ id: 'MeanError', description: 'mean absolute error of labelled numeric answers' });
const realised = {
  realised_accuracy: proportionSchema.nullable(),
  realised_error: meanError.nullable(),
  labelled_share: z
    .number()
    .nullable()
    .meta({ description: 'share of the answers behind the realised figures that have their label, 0–1' }),
};
const estimated = {
  ...realised,
  kind: z.literal('estimated'),
  band: intervalSchema,
  samples: z.number(),
  blind_to: z.string(),
};

export const performanceSchema = z
  .union([
    z.object({ ...realised, kind: z.literal('unknown'), reason: z.string() }),
    z.object({
      ...estimated,
      measure: z.literal('accuracy'),
      accuracy: z.number(),
      calibrated: z.boolean(),
      cross_check: z.number(),
      baseline_accuracy: proportionSchema,
    }),
    z.object({
      ...estimated,
      measure: z.literal('mean-absolute-error'),
      mean_absolute_error: z.number(),
      baseline_error: meanError,
    }),
  ])
  .meta({ id: 'Performance' });

const meanErrorView = ({ mean, interval, count }: MeanError): z.output<typeof meanError> => ({
  mean,
  interval: intervalView(interval),
  count,
});

/** How good the answers are without labels, and what labels have shown. */
export function performanceView(performance: PerformanceEstimate): z.output<typeof performanceSchema> {
  const shown = {
    realised_accuracy: orNull(performance.realised.accuracy, proportionView),
    realised_error: orNull(performance.realised.error, meanErrorView),
    labelled_share: performance.realised.labelledShare,
  };
  if (performance.kind === 'unknown') return { ...shown, kind: 'unknown', reason: performance.reason };
  const common = {
    ...shown,
    kind: performance.kind,
    band: intervalView(performance.band),
    samples: performance.samples,
    blind_to: performance.blindTo,
  };
  if (performance.measure === 'mean-absolute-error') {
    return {
      ...common,
      measure: performance.measure,
      mean_absolute_error: performance.meanAbsoluteError,
      baseline_error: meanErrorView(performance.baselineError),
    };
  }
  return {
    ...common,
    measure: performance.measure,
    accuracy: performance.accuracy,
    calibrated: performance.calibrated,
    cross_check: performance.crossCheck,
    baseline_accuracy: proportionView(performance.baselineAccuracy),
  };
}
