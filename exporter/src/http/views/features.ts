import { z } from 'zod';
import { FEATURE_FORMS, FEATURE_KINDS, VECTOR_PARTS, type FeatureReading } from '../../domain/feature-kind.js';
import type { ModelStatus } from '../../domain/model-status.js';
import { absentIn, type SignalCounts } from '../../domain/profile.js';

export const featureSchema = z
  .object({
    name: z.string(),
    kind: z.enum([...FEATURE_KINDS, 'embedding']).meta({
      description:
        'decided from its first 200 values. Of dates and identifiers only whether they are there is watched; texts and embeddings are watched as a few numbers',
    }),
    forms: z
      .array(z.enum(FEATURE_FORMS))
      .meta({ description: 'how its values are written; another form is a wrong type' }),
    constant: z.boolean().meta({ description: 'its first 200 values were one and the same' }),
    decided: z.boolean().meta({ description: 'false while its first values are still coming' }),
    values: z.number().meta({ description: 'readable values in the evaluated window' }),
    missing: z.number().meta({ description: 'sent as null or NaN' }),
    absent: z.number().meta({ description: 'rows with inputs that did not send it at all' }),
    wrong_type: z.number().meta({ description: 'of another type than it was learnt as, or infinite' }),
  })
  .meta({ id: 'Feature' });

type Shown = z.output<typeof featureSchema>;

/** The features of a model: what they are, and what became of them in the evaluated window. */
export function featuresView({ features, window }: Pick<ModelStatus, 'features' | 'window'>): Shown[] {
  const vectors = new Set([...features.keys()].flatMap((name) => vectorOf(name, features) ?? []));
  const shown = (name: string, kind: Shown['kind'], signal: string, reading: FeatureReading | undefined): Shown => {
    const counts = window.signals.get(`feature:${signal}`);
    return {
      name,
      kind,
      forms: [...(reading?.forms ?? [])],
      constant: reading?.isConstant ?? false,
      decided: reading?.isDecided ?? false,
      values: counts === undefined ? 0 : readable(counts),
      missing: counts?.missing ?? 0,
      absent: counts === undefined ? window.rowsWithFeatures : absentIn(window, counts),
      wrong_type: counts?.invalid ?? 0,
    };
  };
  const whole = [...features]
    .filter(([name]) => vectorOf(name, features) === null)
    .map(([name, reading]) => shown(name, reading.kind, reading.kind === 'text' ? `${name}.length` : name, reading));
  const embeddings = [...vectors].map((name) => shown(name, 'embedding', `${name}.norm`, features.get(`${name}.norm`)));
  return [...whole, ...embeddings].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The list that a number describes: all that describe one are always sent together. */
function vectorOf(name: string, features: ModelStatus['features']): string | null {
  const dot = name.lastIndexOf('.');
  const list = name.slice(0, dot);
  if (dot < 0 || !VECTOR_PARTS.some((part) => part === name.slice(dot + 1))) return null;
  return VECTOR_PARTS.every((part) => features.has(`${list}.${part}`)) ? list : null;
}

function readable(counts: SignalCounts): number {
  let sum = counts.kind === 'numeric' ? 0 : counts.other;
  for (const count of (counts.kind === 'numeric' ? counts.cells : counts.categories).values()) sum += count;
  return sum;
}
