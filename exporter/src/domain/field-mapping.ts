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

const SAID = /^(.{1,1000}):([a-z_]+)$/s;
const isMappedRole = (text: string): text is MappedRole => (MAPPED_ROLES as readonly string[]).includes(text);

/** `amount:feature,y:label` as what each field is; null where a part has no name or no role. */
export function mappingFrom(text: string): ReadonlyMap<string, MappedRole> | null {
  const said = new Map<string, MappedRole>();
  for (const part of text.split(',')) {
    const [, name = '', role = ''] = SAID.exec(part) ?? [];
    if (!isMappedRole(role)) return null;
    said.set(name, role);
  }
  return said;
}

/** How the senders of a model call things, where it is not what mlfi would guess. */
export interface FieldMapping {
  /** A name, a path with dots, or `*` for every name without a role → what it is. */
  readonly fields: ReadonlyMap<string, MappedRole>;
  /** Names of inputs that come as a list without names, in order. */
  readonly columns: readonly string[];
}

export const NO_MAPPING: FieldMapping = { fields: new Map(), columns: [] };
