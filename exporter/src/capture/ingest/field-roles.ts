import { NO_MAPPING, type FieldMapping, type MappedRole } from '../../domain/field-mapping.js';

/** What a field of a logged row is for. */
export type FieldRole =
  | 'predictionId'
  | 'timestamp'
  | 'prediction'
  | 'confidence'
  | 'positiveProbability'
  | 'label'
  | 'latencySeconds'
  | 'latencyMs'
  | 'modelVersion'
  | 'modelId'
  | 'error'
  | 'features'
  | 'context'
  | 'contextColumn'
  | 'feature'
  | 'ignored'
  | 'leftOut';

/** Names in use, by role (mlfi's own first, then those of the logs in shared/reference: the first that is filled wins). */
export const FIELD_NAMES: readonly (readonly [role: FieldRole, names: readonly string[]])[] = [
  [
    'predictionId',
    [
      'prediction_id',
      'request_id',
      'inference_id',
      'event_id',
      'correlation_id',
      'correlationid',
      'databricks_request_id',
      'sagemakerinferenceid',
      'id',
      'uuid',
      'trace_id',
    ],
  ],
  [
    'timestamp',
    [
      'timestamp',
      '@timestamp',
      'ts',
      'event_time',
      'event_timestamp',
      'prediction_time',
      'inference_time',
      'request_time',
      'timestamp_ms',
      'logging_time',
      'created_at',
      'datetime',
      'time',
      'date',
    ],
  ],
  [
    'prediction',
    [
      'prediction',
      'predicted',
      'predicted_label',
      'prediction_label',
      'y_pred',
      'y_hat',
      'yhat',
      'pred',
      'output',
      'class_output',
      'model_output',
    ],
  ],
  ['confidence', ['confidence', 'score', 'prediction_score']],
  [
    'positiveProbability',
    [
      'y_pred_proba',
      'probability',
      'proba',
      'prob',
      'y_proba',
      'y_prob',
      'pred_proba',
      'prediction_proba',
      'predict_proba',
      'predicted_probability',
      'prob_output',
      'p1',
    ],
  ],
  [
    'label',
    [
      'label',
      'ground_truth',
      'groundtruth',
      'y_true',
      'target',
      'actual',
      'actuals',
      'truth',
      'outcome',
      'expected',
      'y',
    ],
  ],
  ['latencySeconds', ['latency_seconds', 'latency_s', 'duration_seconds']],
  ['latencyMs', ['latency_ms', 'duration_ms', 'execution_time_ms', 'execution_duration_ms']],
  ['modelVersion', ['model_version', 'version', 'served_entity_id']],
  ['modelId', ['model_id', 'model', 'model_name']],
  ['error', ['error']],
  ['features', ['features', 'input_features']],
  ['context', ['context']],
  [
    'contextColumn',
    ['region', 'group', 'segment', 'deployment', 'variant', 'environment', 'split', 'period', 'dataset'],
  ],
  [
    'leftOut',
    [
      'label_time',
      'label_timestamp',
      'ground_truth_time',
      'feedback_time',
      'user_id',
      'customer_id',
      'account_id',
      'item_id',
      'sample_weight',
    ],
  ],
];

export interface RoleOfField {
  readonly role: FieldRole;
  /** Place among the names of its role; the smallest wins. */
  readonly rank: number;
}

const ROLES = new Map<string, RoleOfField>();
for (const [role, names] of FIELD_NAMES) for (const [rank, name] of names.entries()) ROLES.set(name, { role, rank });

const PER_CLASS = /^(?:y_pred_proba|predict_proba|proba|prob|probability)_(.{1,100})$/i;

/** The role of a field by its name: as written, else in lower case with `_` for space, `-` and `.`; null for any other name. */
function roleOf(name: string): RoleOfField | null {
  const known = ROLES.get(name);
  if (known !== undefined || name.length > 40) return known ?? null;
  return ROLES.get(name.toLowerCase().replace(/[ .-]/g, '_')) ?? null;
}

/** The class whose probability a column holds (`proba_cat` → `cat`), null for other names. */
const classOfColumn = (name: string): string | null => PER_CLASS.exec(name)?.[1] ?? null;

const ROLE_OF_MAPPED: Readonly<Record<MappedRole, FieldRole>> = {
  model_id: 'modelId',
  prediction_id: 'predictionId',
  timestamp: 'timestamp',
  features: 'features',
  prediction: 'prediction',
  confidence: 'confidence',
  probability: 'positiveProbability',
  latency_seconds: 'latencySeconds',
  latency_ms: 'latencyMs',
  label: 'label',
  model_version: 'modelVersion',
  error: 'error',
  context: 'context',
  feature: 'feature',
  ignore: 'ignored',
};

/** The roles of the fields of one batch: by what was said of them, else by their names. */
export interface FieldRoles {
  roleOf(name: string): RoleOfField | null;
  /** The class whose probability a field holds; null for other names, and for what was said to be something else. */
  classOf(name: string): string | null;
  /** Whether something was said of this field, or of what lies in it. */
  isSaid(name: string): boolean;
  /** The row with what was named by a path lifted to the top, in place of what it lies in. */
  lifted(row: object): object;
  /** Fields of which something was said and that no row so far had, but for those that many rows are without. */
  unmet(isTable: boolean): readonly string[];
}

/** Whether a row has no field that holds its inputs: they lie beside the answer then. */
export const isFlatRow = (row: unknown, roles: Pick<FieldRoles, 'roleOf'>): boolean =>
  typeof row === 'object' && row !== null && !Object.keys(row).some((name) => roles.roleOf(name)?.role === 'features');

/** What no row need have: labels may come later, and errors seldom. A table that has some has a column of them. */
const MAY_BE_MISSING: ReadonlySet<FieldRole> = new Set(['label', 'error']);

/** What is said of a field comes before what its name says. */
export function fieldRoles({ fields }: FieldMapping = NO_MAPPING): FieldRoles {
  const said = new Map<string, RoleOfField>();
  for (const [name, role] of fields) said.set(name, { role: ROLE_OF_MAPPED[role], rank: -1 });
  const others = said.get('*') ?? null;
  const paths = [...said.keys()].filter((name) => name.includes('.'));
  if (said.size === 0)
    return { roleOf, classOf: classOfColumn, isSaid: () => false, lifted: (row) => row, unmet: () => [] };
  const classOf = (name: string): string | null => (said.has(name) ? null : classOfColumn(name));
  const unmet = new Map([...said].filter(([name]) => name !== '*').map(([name, { role }]) => [name, role]));
  return {
    roleOf(name) {
      if (unmet.size > 0) unmet.delete(name);
      return said.get(name) ?? roleOf(name) ?? (classOf(name) === null ? others : null);
    },
    unmet: (isTable) => [...unmet].flatMap(([name, role]) => (isTable || !MAY_BE_MISSING.has(role) ? [name] : [])),
    classOf,
    isSaid: (name) => said.has(name) || paths.some((path) => path.startsWith(`${name}.`)),
    lifted: (row) => (paths.length === 0 ? row : liftedRow(row, paths, said)),
  };
}

function liftedRow(row: object, paths: readonly string[], said: ReadonlyMap<string, RoleOfField>): object {
  const values = new Map<string, unknown>(Object.entries(row));
  const roots = new Set<string>();
  for (const path of paths) {
    if (Object.hasOwn(row, path)) continue;
    const found = valueAt(row, path.split('.'));
    if (found === undefined) continue;
    values.set(path, found);
    const [root = ''] = path.split('.');
    if (!said.has(root)) roots.add(root);
  }
  for (const root of roots) values.delete(root);
  return Object.fromEntries(values);
}

function valueAt(row: object, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** Names of mlfi's own for the message about an unknown one. */
export const KNOWN_FIELDS = [
  'model_id',
  'prediction_id',
  'timestamp',
  'features',
  'prediction',
  'confidence',
  'latency_seconds',
  'latency_ms',
  'label',
  'model_version',
  'error',
  'context',
] as const;
