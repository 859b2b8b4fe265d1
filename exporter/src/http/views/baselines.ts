import { z } from 'zod';
import type { ModelStatus } from '../../domain/model-status.js';
import { baselineSamples, type SignalCounts } from '../../domain/profile.js';
import { foldedCounts } from '../../statistics/rare-categories.js';
import { instant, nullableInstant, nullableNumber, orNull } from './estimates.js';

export const baselineSchema = z
  .object({
    state: z.enum(['absent', 'learning', 'ready', 'frozen']),
    version: nullableNumber,
    samples: nullableNumber.meta({
      description: 'calls that the baseline was learnt from; of one that is being learnt, those answered so far',
    }),
    not_learnt: z.number().meta({
      description:
        'calls that came while it was learnt and are in the total alone: mlfi was killed, or read the model anew, before it had judged them',
    }),
    admitted_at_ms: nullableInstant,
    required_samples: nullableNumber,
    missing: z.array(z.string()).meta({ description: 'what learning still waits for' }),
    refused: z
      .array(z.string())
      .meta({ description: 'why what had been learnt was given up, the last time, and how much it was' }),
  })
  .meta({ id: 'Baseline' });
export const baselineVersionSchema = z
  .object({ version: z.number(), admitted_at_ms: instant, frozen: z.boolean() })
  .meta({ id: 'BaselineVersion' });

const NOTHING: z.output<typeof baselineSchema> = {
  state: 'absent',
  version: null,
  samples: null,
  not_learnt: 0,
  admitted_at_ms: null,
  required_samples: null,
  missing: [],
  refused: [],
};

/** How far learning is, or the admitted baseline. */
export function baselineView({
  baseline,
  learning,
}: Pick<ModelStatus, 'baseline' | 'learning'>): z.output<typeof baselineSchema> {
  const samples = baselineSamples(baseline, learning);
  const unjudged = (baseline ?? learning)?.unjudged ?? [];
  const not_learnt = unjudged.reduce((sum, { counts: { calls } }) => sum + calls, 0);
  if (baseline !== null) {
    return {
      ...NOTHING,
      state: baseline.frozen ? 'frozen' : 'ready',
      version: baseline.version,
      samples,
      not_learnt,
      admitted_at_ms: baseline.admittedAtMs,
    };
  }
  if (learning === null) return NOTHING;
  const { verdict, nextVersion: version, startedOver: refused = [] } = learning;
  const { requiredSamples, missing } = verdict.kind === 'learning' ? verdict : { requiredSamples: null, missing: [] };
  return {
    ...NOTHING,
    state: 'learning',
    version,
    samples,
    not_learnt,
    required_samples: requiredSamples,
    missing: [...missing],
    refused: [...refused],
  };
}

const numericCounts = z
  .object({
    kind: z.literal('numeric'),
    grid: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('unit') }),
      z.object({ kind: z.literal('asinh'), centre: z.number(), scale: z.number(), step: z.number() }),
    ]),
    cells: z.array(z.tuple([z.number(), z.number()])),
    missing: z.number(),
    invalid: z.number(),
  })
  .meta({ id: 'NumericCounts' });
const categoricalCounts = z
  .object({
    kind: z.literal('categorical'),
    categories: z.array(z.tuple([z.string(), z.number()])),
    other: z.number(),
    missing: z.number(),
    invalid: z.number(),
  })
  .meta({ id: 'CategoricalCounts' });
const counts = z.discriminatedUnion('kind', [numericCounts, categoricalCounts]);

export const distributionSchema = z
  .object({
    signal: z.string(),
    bins: z.array(z.number()).nullable(),
    before: counts.nullable(),
    now: counts.nullable(),
  })
  .meta({ id: 'Distribution' });

/** @param before the baseline's counts; null where these are the baseline's */
function countsView(counted: SignalCounts, before: SignalCounts | null): z.output<typeof counts> {
  if (counted.kind === 'numeric') {
    const { grid, cells, missing, invalid } = counted;
    return { kind: 'numeric', grid, cells: [...cells].sort(([a], [b]) => a - b), missing, invalid };
  }
  const { missing, invalid } = counted;
  const known = before?.kind === 'categorical' ? before.categories : new Map<string, number>();
  const { categories, other } = foldedCounts(counted, known);
  return { kind: 'categorical', categories: [...categories].sort(([, a], [, b]) => b - a), other, missing, invalid };
}

/** Counts of every signal, baseline and now, on the same grid. */
export function distributionsView({
  baseline,
  window,
}: Pick<ModelStatus, 'baseline' | 'window'>): z.output<typeof distributionSchema>[] {
  const signals = new Set([...(baseline?.profile.signals.keys() ?? []), ...window.signals.keys()]);
  return [...signals].map((signal) => {
    const before = baseline?.profile.signals.get(signal);
    const now = window.signals.get(signal);
    return {
      signal,
      bins: orNull(baseline?.bins.get(signal), (edges) => [...edges]),
      before: before === undefined ? null : countsView(before, null),
      now: now === undefined ? null : countsView(now, before ?? null),
    };
  });
}
