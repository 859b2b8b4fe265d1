import type { IntakeLimits } from '../../domain/ingest.js';
import {
  answerText,
  type FeatureValue,
  type LateLabel,
  type Observation,
  type Prediction,
  type RowContext,
} from '../../domain/observation.js';
import { KNOWN_FIELDS, type FieldRole, type FieldRoles } from './field-roles.js';
import { featuresFrom } from './features.js';
import { timestampMs } from './timestamps.js';
import { unusableAnswer } from './logged-failure.js';
import {
  answerOf,
  failureOf,
  idOf,
  isNotFinite,
  isUnfit,
  madeFit,
  onlyElement,
  plainValue,
  secondsOf,
  shareOf,
  versionOf,
  type Field,
} from './values.js';
import { Refusal, type Tell } from './verdicts.js';

const CONTEXT_COLUMNS = 20;
const LONGEST_CONTEXT = 100;

/** What one row of a batch is: a logged prediction, or a label for an earlier one. */
export type IngestEvent =
  | { readonly kind: 'prediction'; readonly observation: Observation }
  | { readonly kind: 'label'; readonly label: LateLabel };

/** What rows are sent as; `past`: of files, which are shown before anything is taken. */
export type ExpectedRows = 'observations' | 'labels' | 'past';

export interface EventOptions {
  readonly nowMs: number;
  readonly limits: IntakeLimits;
  readonly tell: Tell;
  /** In a table, or a file of flat rows, a field without a role is a feature; in a JSON object it is more likely a slip. */
  readonly isTable: boolean;
  readonly roles: FieldRoles;
  readonly expected: ExpectedRows;
}

interface RankedField extends Field {
  readonly rank: number;
}

/** The fields of one row, by role. */
interface Fields {
  readonly byRole: Partial<Record<FieldRole, RankedField>>;
  readonly probabilities: Map<string, unknown> | null;
  readonly contextColumns: readonly (readonly [string, unknown])[];
  readonly others: Readonly<Record<string, unknown>> | null;
}

/**
 * Judges one row as sent.
 * @throws Refusal with the field and what would be right
 */
export function eventOf(row: unknown, options: EventOptions): IngestEvent {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new Refusal('not_an_object', '', 'each row must be a JSON object');
  const fields = sorted(options.roles.lifted(row), options);
  return lateLabelOf(fields, options) ?? { kind: 'prediction', observation: observationOf(fields, options) };
}

/** A row with an id and a label and nothing of the answer; null for any other. */
function lateLabelOf(fields: Fields, { nowMs, tell }: EventOptions): IngestEvent | null {
  const { byRole } = fields;
  if (holdsAnswer(fields) || namesInputs(fields)) return null;
  const predictionId = idOf(byRole.predictionId);
  const label = answerOf(byRole.label?.value, 'label', tell);
  if (predictionId === null || label === null) return null;
  return { kind: 'label', label: { atMs: timeOf(byRole.timestamp?.value, nowMs, tell), predictionId, label } };
}

/** A prediction that is one, or an empty one whose confidence came: without a prediction, a confidence beside a label says nothing. */
function holdsAnswer({ byRole: { prediction, confidence, positiveProbability }, probabilities }: Fields): boolean {
  if (prediction === undefined) return false;
  return (
    isUsable(prediction.value) ||
    isUsable(confidence?.value) ||
    isUsable(positiveProbability?.value) ||
    (probabilities !== null && [...probabilities.values()].some(isUsable))
  );
}

/** Inputs of which one at least has a value. */
function namesInputs({ byRole, others }: Fields): boolean {
  const given = byRole.features?.value;
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  return (isObject ? holdsValue(given) : isUsable(given)) || (others !== null && holdsValue(others));
}

/** Makes no list of the values: most rows hold one at their first name. */
function holdsValue(given: object): boolean {
  for (const name in given) if (isUsable(Reflect.get(given, name))) return true;
  return false;
}

/** Why a row is neither a prediction nor a label: what it lacks of what it is meant as. */
function neither(fields: Fields, expected: ExpectedRows): Refusal {
  const { predictionId, label } = fields.byRole;
  if (isUsable(label?.value) && isUsable(predictionId?.value))
    return new Refusal(
      'no_prediction',
      'prediction',
      'the row has an id, a label and features, and no prediction: send the prediction too, or the label with its prediction_id alone',
    );
  if (expected !== 'labels')
    return new Refusal(
      'no_prediction',
      'prediction',
      'a row needs a prediction, a confidence, an error, or a prediction_id with a label',
    );
  return idOf(predictionId) === null
    ? new Refusal('bad_id', 'prediction_id', 'prediction_id is missing: a label needs the id of its prediction')
    : new Refusal('bad_label', 'label', 'label is missing: send what the prediction should have been');
}

function observationOf(fields: Fields, { nowMs, limits, tell, expected }: EventOptions): Observation {
  const { byRole } = fields;
  const logged = failureOf(byRole.error?.value);
  const { prediction, confidence } = answerAndConfidence(fields, tell);
  const failure = logged ?? (isUnusable(fields, prediction, confidence, tell) ? unusableAnswer() : null);
  if (failure === null && prediction === null && confidence === null) throw neither(fields, expected);
  if (failure === null && prediction === null)
    tell(
      'prediction_missing',
      'prediction',
      'the row says how sure the model was and not of what: its confidence is counted, its answer is not; send the answer as prediction',
    );
  if (logged !== null && prediction !== null)
    tell('field_left_out', 'prediction', 'the row says by error that the call failed: its prediction is not counted');
  const context = contextOf(fields, tell);
  return {
    atMs: timeOf(byRole.timestamp?.value, nowMs, tell),
    source: 'ingest',
    predictionId: idOf(byRole.predictionId),
    goldenId: null,
    features: featuresOf(fields, limits, tell),
    prediction,
    confidence,
    latencySeconds: latencyOf(byRole, tell),
    failure,
    label: answerOf(byRole.label?.value, 'label', tell),
    modelVersion: versionOf(byRole.modelVersion),
    ...(context === null ? {} : { context }),
  };
}

/**
 * The model was called and said nothing that can be used: NaN or an infinity, or an empty prediction of a call that is one by
 * what else the row says. An empty one beside a confidence is a log of confidences.
 */
function isUnusable(fields: Fields, prediction: Prediction, confidence: number | null, tell: Tell): boolean {
  const { byRole } = fields;
  if (prediction !== null || byRole.prediction === undefined) return false;
  if (isNotFinite(onlyElement(byRole.prediction.value))) return true;
  if (confidence !== null) return false;
  const isCall =
    namesInputs(fields) || SAY_A_CALL.some((role) => isUsable(byRole[role]?.value)) || fields.probabilities !== null;
  if (isCall) tell('no_answer', 'prediction', 'prediction is empty: the row counts as a call without a usable answer');
  return isCall;
}
const SAY_A_CALL = ['predictionId', 'timestamp', 'latencySeconds', 'latencyMs'] as const;

function sorted(row: object, { isTable, tell, roles }: EventOptions): Fields {
  const byRole: Partial<Record<FieldRole, RankedField>> = {};
  let probabilities: Map<string, unknown> | null = null;
  let others: Record<string, unknown> | null = null;
  const contextColumns: (readonly [string, unknown])[] = [];
  const setAside = (name: string, value: unknown): void => {
    if (!isTable) tell('field_left_out', name, 'another field has the same role and is filled');
    else define((others ??= {}), name, value);
  };
  for (const name in row) {
    const value: unknown = (row as Readonly<Record<string, unknown>>)[name];
    const found = roles.roleOf(name);
    if (found === null) {
      const category = roles.classOf(name);
      if (category !== null) (probabilities ??= new Map<string, unknown>()).set(category, value);
      else if (isTable) define((others ??= {}), name, value);
      else
        throw new Refusal(
          'unknown_field',
          name,
          `unknown field; known are ${KNOWN_FIELDS.join(', ')}. Inputs of the model belong under features; of flat rows say map=*:feature`,
        );
      continue;
    }
    const { role, rank } = found;
    if (role === 'ignored') continue;
    if (role === 'feature') define((others ??= {}), name, value);
    else if (role === 'contextColumn') contextColumns.push([name, value]);
    else if (role === 'leftOut') tell('field_left_out', name, 'this field is not watched');
    else {
      const known = byRole[role];
      if (known === undefined) byRole[role] = { name, value, rank };
      else if (isFilled(value) && (rank < known.rank || !isFilled(known.value))) {
        byRole[role] = { name, value, rank };
        if (isFilled(known.value)) setAside(known.name, known.value);
      } else if (isFilled(value)) setAside(name, value);
    }
  }
  return { byRole, probabilities, contextColumns, others };
}

const isFilled = (value: unknown): boolean => value !== null && value !== undefined && value !== '';

const isUsable = (value: unknown): boolean => isFilled(value) && !isNotFinite(value);

/** Sets a property under any name, `__proto__` too. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Without a timestamp, now. */
function timeOf(given: unknown, nowMs: number, tell: Tell): number {
  if (!isFilled(given)) return nowMs;
  const value = plainValue(given);
  if (typeof value === 'number' && Number.isNaN(value)) {
    tell('not_a_number', 'timestamp', 'timestamp is NaN: the row is taken to be of now');
    return nowMs;
  }
  if (typeof value !== 'number' && typeof value !== 'string')
    throw new Refusal('bad_timestamp', 'timestamp', 'timestamp must be a text or a number');
  return timestampMs(value, nowMs);
}

interface Answer {
  readonly prediction: Prediction;
  readonly confidence: number | null;
}

/** The answer and its confidence, also where the log gives a probability per class or that of the positive class. */
function answerAndConfidence({ byRole, probabilities }: Fields, tell: Tell): Answer {
  const given = byRole.prediction?.value;
  const perClass = probabilities ?? classesOf(byRole.positiveProbability?.value) ?? classesOf(byRole.confidence?.value);
  const spoken = classesOf(given);
  const prediction = spoken === null ? answerOf(given, 'prediction', tell) : null;
  const classes = spoken ?? perClass;
  if (classes !== null) return mostProbable(classes, prediction, tell);
  const confidence = shareOf(byRole.confidence, tell);
  const positive = confidence === null ? shareOf(byRole.positiveProbability, tell) : null;
  return positive === null ? { prediction, confidence } : withPositive(prediction, positive, tell);
}

/** Of a model of two classes the log gives the probability of the positive one; of any other, that of the answer. */
function withPositive(prediction: Prediction, positive: number, tell: Tell): Answer {
  const side = prediction === null ? null : answerText(prediction);
  if (side !== null && side !== 'number:0' && side !== 'number:1') return { prediction, confidence: positive };
  const isPositive = side === null ? positive >= 0.5 : side === 'number:1';
  tell('positive_probability', 'probability', 'the probability is read as that of the positive class');
  return { prediction: prediction ?? isPositive, confidence: isPositive ? positive : 1 - positive };
}

/** An object of class → probability as a map, null for anything else. */
function classesOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  return entries.length === 0 ? null : new Map(entries);
}

function mostProbable(classes: ReadonlyMap<string, unknown>, prediction: Prediction, tell: Tell): Answer {
  let best: { readonly name: string; readonly share: number } | null = null;
  const wanted = prediction === null ? null : answerText(prediction);
  for (const [name, value] of classes) {
    const share = shareOf({ name: 'probability', value }, tell);
    if (share === null) continue;
    if (wanted !== null && answerText(name) === wanted) return { prediction, confidence: share };
    if (best === null || share > best.share) best = { name, share };
  }
  return {
    prediction: prediction ?? answerOf(best?.name ?? null, 'prediction', tell),
    confidence: best?.share ?? null,
  };
}

function latencyOf({ latencyMs, latencySeconds }: Fields['byRole'], tell: Tell): number | null {
  return latencyMs === undefined ? secondsOf(latencySeconds, 1, tell) : secondsOf(latencyMs, 0.001, tell);
}

function featuresOf({ byRole, others }: Fields, limits: IntakeLimits, tell: Tell): Observation['features'] {
  const given = byRole.features?.value;
  if (given === undefined || given === null) return others === null ? null : featuresFrom(others, limits, tell);
  if (typeof given !== 'object' || Array.isArray(given))
    throw new Refusal(
      'bad_features',
      'features',
      'features must be an object of name → number, text, true, false or null',
    );
  return featuresFrom(others === null ? given : { ...given, ...others }, limits, tell);
}

/** Columns a row is grouped by, as short texts; null when there are none. */
function contextOf({ byRole, contextColumns }: Fields, tell: Tell): RowContext | null {
  const given = byRole.context?.value;
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given)))
    throw new Refusal('bad_context', 'context', 'context must be an object of name → text, number, true or false');
  const entries = [...Object.entries(given ?? {}), ...contextColumns].filter(([, value]) => isFilled(value));
  if (entries.length === 0) return null;
  if (entries.length > CONTEXT_COLUMNS)
    tell('field_left_out', 'context', `only the first ${CONTEXT_COLUMNS} columns of context are kept`);
  return Object.fromEntries(
    entries.slice(0, CONTEXT_COLUMNS).map(([name, value]) => [contextText(name, name), contextText(value, name)]),
  );
}

function contextText(given: unknown, name: string): string {
  const value: FeatureValue | undefined | object = given as FeatureValue;
  if (typeof value === 'object')
    throw new Refusal('bad_context', `context.${name}`, 'a value of context must be a text, a number, true or false');
  const text = String(plainValue(value)).slice(0, LONGEST_CONTEXT);
  return isUnfit(text) ? madeFit(text) : text;
}
