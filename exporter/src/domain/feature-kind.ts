/** What the values of a feature are. */
export const FEATURE_KINDS = ['number', 'boolean', 'category', 'text', 'date', 'identifier'] as const;
export type FeatureKind = (typeof FEATURE_KINDS)[number];

/** How values are written in JSON. */
export const FEATURE_FORMS = ['number', 'boolean', 'text'] as const;
export type FeatureForm = (typeof FEATURE_FORMS)[number];

/** How the values of one feature are read, decided from its first ones. A value of another form is of the wrong type. */
export interface FeatureReading {
  readonly kind: FeatureKind;
  /** The forms that values of this kind were sent in. */
  readonly forms: readonly FeatureForm[];
  /** All of the values that decided were the same. */
  readonly isConstant: boolean;
  /** False while the first values are still coming: the kind may yet be another. */
  readonly isDecided: boolean;
  /** An empty text is no value; one that a release before stored counts it as one. */
  readonly areBlanksMissing?: boolean | undefined;
}

/** By the feature's name as sent. */
export type FeatureReadings = ReadonlyMap<string, FeatureReading>;

/** What a list of numbers is described by; each is a signal of its own, `name.part`. */
export const VECTOR_PARTS = [
  'length',
  'missing_share',
  'norm',
  'mean',
  'standard_deviation',
  'minimum',
  'maximum',
] as const;
