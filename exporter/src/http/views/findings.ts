import { z } from 'zod';
import { DETECTOR_IDS, type BlindSpot, type Finding, type NamedStatistic } from '../../domain/finding.js';
import { instant, intervalSchema, intervalView, nullableNumber, orNull } from './estimates.js';

export const windowSchema = z.object({ from_ms: instant, to_ms: instant, samples: z.number() }).meta({ id: 'Window' });
const statistic = z.object({ name: z.string(), value: z.number() }).meta({ id: 'Statistic' });
export const blindSpotSchema = z
  .object({ check: z.string(), reason: z.string() })
  .meta({ id: 'BlindSpot', description: 'a check that could not run, and what it would need' });

export const findingSchema = z
  .object({
    detector: z.enum(DETECTOR_IDS),
    subject: z.string(),
    kind: z.enum(['service', 'quality', 'data', 'model', 'note']),
    direction: z.enum(['up', 'down', 'changed']),
    statistic,
    threshold: z.number(),
    p_value: nullableNumber,
    effect: z.object({ measure: z.string(), value: z.number(), interval: intervalSchema.nullable() }),
    cost: z.object({ measure: z.literal('accuracy'), value: z.number(), interval: intervalSchema }).nullable(),
    statistics: z.array(statistic),
    before: nullableNumber,
    now: nullableNumber,
    window: windowSchema,
    baseline_samples: nullableNumber,
    sentence: z.string(),
  })
  .meta({ id: 'Finding' });

export const windowView = (window: Finding['window']): z.output<typeof windowSchema> => ({
  from_ms: window.fromMs,
  to_ms: window.toMs,
  samples: window.samples,
});
export const statisticView = ({ name, value }: NamedStatistic): z.output<typeof statistic> => ({ name, value });
export const blindSpotView = ({ check, reason }: BlindSpot): z.output<typeof blindSpotSchema> => ({ check, reason });

/** One thing a detector noticed. */
export function findingView(finding: Finding): z.output<typeof findingSchema> {
  const { effect, cost } = finding;
  return {
    detector: finding.detector,
    subject: finding.subject,
    kind: finding.kind,
    direction: finding.direction,
    statistic: statisticView(finding.statistic),
    threshold: finding.threshold,
    p_value: finding.pValue,
    effect: { measure: effect.measure, value: effect.value, interval: orNull(effect.interval, intervalView) },
    cost: orNull(cost, ({ measure, value, interval }) => ({ measure, value, interval: intervalView(interval) })),
    statistics: finding.statistics.map(statisticView),
    before: finding.before,
    now: finding.now,
    window: windowView(finding.window),
    baseline_samples: finding.baselineSamples,
    sentence: finding.sentence,
  };
}
