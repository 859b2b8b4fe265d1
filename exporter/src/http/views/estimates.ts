import { z } from 'zod';
import type { Json } from '../../domain/json.js';
import type { Interval, Proportion } from '../../domain/estimate.js';

export const nullableNumber = z.number().nullable();
export const nullableText = z.string().nullable();
/** Any JSON value, as it is. */
export const anyJson = z.custom<Json>((value) => value !== undefined);
/** Milliseconds since 1970. */
export const instant = z.number().meta({ description: 'milliseconds since 1970' });
export const nullableInstant = instant.nullable();

export const intervalSchema = z
  .object({ low: z.number(), high: z.number(), level: z.number().meta({ description: 'coverage, e.g. 0.95' }) })
  .meta({ id: 'Interval' });
export const proportionSchema = z
  .object({ count: z.number(), of: z.number(), share: z.number(), interval: intervalSchema })
  .meta({ id: 'Proportion', description: 'a share with its counts and Clopper–Pearson interval' });

export const intervalView = ({ low, high, level }: Interval): z.output<typeof intervalSchema> => ({ low, high, level });
export const proportionView = (proportion: Proportion): z.output<typeof proportionSchema> => ({
  count: proportion.count,
  of: proportion.of,
  share: proportion.share,
  interval: intervalView(proportion.interval),
});

/** The view of a value that may be missing. */
export const orNull = <In, Out>(value: In | null | undefined, view: (value: In) => Out): Out | null =>
  value === null || value === undefined ? null : view(value);
