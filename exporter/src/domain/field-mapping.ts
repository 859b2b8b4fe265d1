/** What a field of a logged row can be said to be, besides what its name says. */
export const MAPPED_ROLES = [
  'model_id',
  'prediction_id',
  'timestamp',
  'features',
  'prediction',
  'confidence',
  'probability',
  'latency_seconds',
  'latency_ms',
  'label',
  'model_version',
  'error',
  'context',
  'feature',
  'ignore',
] as const;
export type MappedRole = (typeof MAPPED_ROLES)[number];

/** How the senders of a model call things, where it is not what mlfi would guess. */
export interface FieldMapping {
  /** A name, a path with dots, or `*` for every name without a role → what it is. */
  readonly fields: ReadonlyMap<string, MappedRole>;
  /** Names of inputs that come as a list without names, in order. */
  readonly columns: readonly string[];
}

export const NO_MAPPING: FieldMapping = { fields: new Map(), columns: [] };
