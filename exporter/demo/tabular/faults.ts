import { z } from 'zod';
import type { Random } from '../../src/domain/ports.js';
import {
  CATEGORICAL_FEATURES,
  FEATURES,
  INCOME_CLASSES,
  NUMERIC_FEATURES,
  type AdultRow,
  type TabularFeatures,
} from './adult.js';

/** Ways to break the tabular model or its traffic. */
export type TabularFault =
  | { readonly kind: 'none' }
  /** Data: a number arrives in another unit. */
  | { readonly kind: 'unit_change'; readonly feature: (typeof NUMERIC_FEATURES)[number]; readonly factor: number }
  /** Data: a feature goes missing in a share of the rows. */
  | { readonly kind: 'null_flood'; readonly feature: (typeof FEATURES)[number]; readonly share: number }
  /** Data: a category arrives under another name. */
  | {
      readonly kind: 'category_rename';
      readonly feature: (typeof CATEGORICAL_FEATURES)[number];
      readonly from: string;
      readonly to: string;
    }
  /** Model: an older, worse model answers under the same version label. */
  | { readonly kind: 'model_swapped' }
  /** World: inside a segment the truth is now the other class. */
  | { readonly kind: 'concept_flip'; readonly feature: (typeof CATEGORICAL_FEATURES)[number]; readonly value: string };

const DEFAULT_FAULTS = {
  none: { kind: 'none' },
  unit_change: { kind: 'unit_change', feature: 'hours-per-week', factor: 100 },
  null_flood: { kind: 'null_flood', feature: 'occupation', share: 0.6 },
  category_rename: { kind: 'category_rename', feature: 'workclass', from: 'Private', to: 'PRIVATE_SECTOR' },
  model_swapped: { kind: 'model_swapped' },
  concept_flip: { kind: 'concept_flip', feature: 'marital-status', value: 'Married-civ-spouse' },
} as const satisfies Record<TabularFault['kind'], TabularFault>;

export const FAULT_KINDS = Object.keys(DEFAULT_FAULTS) as readonly TabularFault['kind'][];

/** Faults of the data a model is given: a repair of the pipeline before it undoes them. */
export const DATA_FAULTS: ReadonlySet<TabularFault['kind']> = new Set(['unit_change', 'null_flood', 'category_rename']);

const category = z.string().min(1).max(100);
const switchBody = z.union([
  z.enum(FAULT_KINDS).transform((kind): TabularFault => DEFAULT_FAULTS[kind]),
  z
    .strictObject({ unit_change: z.strictObject({ feature: z.enum(NUMERIC_FEATURES), factor: z.number().positive() }) })
    .transform((body): TabularFault => ({ kind: 'unit_change', ...body.unit_change })),
  z
    .strictObject({ null_flood: z.strictObject({ feature: z.enum(FEATURES), share: z.number().min(0).max(1) }) })
    .transform((body): TabularFault => ({ kind: 'null_flood', ...body.null_flood })),
  z
    .strictObject({
      category_rename: z.strictObject({ feature: z.enum(CATEGORICAL_FEATURES), from: category, to: category }),
    })
    .transform((body): TabularFault => ({ kind: 'category_rename', ...body.category_rename })),
  z
    .strictObject({ concept_flip: z.strictObject({ feature: z.enum(CATEGORICAL_FEATURES), value: category }) })
    .transform((body): TabularFault => ({ kind: 'concept_flip', ...body.concept_flip })),
]);

/**
 * Reads the body of `POST /tabular/switch`: the name of a fault (`"null_flood"`, with its usual settings) or an object
 * with its settings (`{"unit_change":{"feature":"hours-per-week","factor":100}}`). Null when it is neither.
 */
export function faultFrom(body: unknown): TabularFault | null {
  const read = switchBody.safeParse(body);
  return read.success ? read.data : null;
}

/** What the model is given instead of the row, under a fault of the data; every other fault leaves it alone. */
export function faultyFeatures(fault: TabularFault, features: TabularFeatures, random: Random): TabularFeatures {
  switch (fault.kind) {
    case 'unit_change': {
      const value = features[fault.feature];
      return typeof value === 'number' ? { ...features, [fault.feature]: value * fault.factor } : features;
    }
    case 'null_flood':
      return random.next() < fault.share ? { ...features, [fault.feature]: null } : features;
    case 'category_rename':
      return features[fault.feature] === fault.from ? { ...features, [fault.feature]: fault.to } : features;
    default:
      return features;
  }
}

/** The truth about a row: its label, or the other class inside the segment of a concept flip. */
export function trueLabel(fault: TabularFault, { features, label }: AdultRow): AdultRow['label'] {
  if (fault.kind !== 'concept_flip' || features[fault.feature] !== fault.value) return label;
  return label === INCOME_CLASSES[0] ? INCOME_CLASSES[1] : INCOME_CLASSES[0];
}
