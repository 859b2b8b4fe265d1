/** Why a call to a model gave no usable answer. */
export const FAILURE_REASONS = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'http_4xx',
  'http_5xx',
  'not_json',
  'schema',
  'too_large',
  'blocked',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface Failure {
  readonly reason: FailureReason;
  /** For people: at most 300 characters, no body text of the model, no secrets. */
  readonly detail: string;
  readonly httpStatus: number | null;
  /** Set when the server asked to wait (Retry-After, Hugging Face `estimated_time`). */
  readonly retryAfterMs: number | null;
}

/** A raw input value. Lives in process memory only. */
export type FeatureValue = number | string | boolean | null;
export type Features = Readonly<Record<string, FeatureValue>>;

/** What a model said: a class, a number, a text, or nothing readable. */
export type Prediction = number | string | boolean | null;

/** `probe`: generated payload · `golden`: fixed payload · `ingest`: somebody's logged prediction. */
export type ObservationSource = 'probe' | 'golden' | 'ingest';

/** One call or one logged prediction. Null means "not given", never a default. */
export interface Observation {
  readonly atMs: number;
  readonly source: ObservationSource;
  readonly predictionId: string | null;
  readonly goldenId: string | null;
  readonly features: Features | null;
  readonly prediction: Prediction;
  /** 0–1, or null when the model gives none. */
  readonly confidence: number | null;
  readonly latencySeconds: number | null;
  /** Status of the HTTP answer to a probe; absent for logged predictions and where no HTTP answer came. */
  readonly httpStatus?: number;
  readonly failure: Failure | null;
  readonly label: Prediction;
  readonly modelVersion: string | null;
}

/** A label that arrived later. */
export interface LateLabel {
  readonly atMs: number;
  readonly predictionId: string;
  readonly label: Exclude<Prediction, null>;
}

/** A connector's result: what was said, or why nothing was. `raw` never leaves process memory. */
export type ModelAnswer =
  | {
      readonly kind: 'answer';
      readonly prediction: Prediction;
      readonly confidence: number | null;
      readonly modelVersion: string | null;
      readonly latencySeconds: number;
      /** Absent where a protocol of several calls has no status of its own. */
      readonly httpStatus?: number;
      /** Sorted key paths with types of the answer, e.g. `confidence:number,label:string`; changes reveal a new schema. */
      readonly shape: string;
    }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly latencySeconds: number };

/** One call or logged prediction with the shape of its answer. */
export interface Sample {
  readonly observation: Observation;
  readonly shape: string | null;
}

/** Numbers are compared to 6 significant digits: a regression's answer may differ in the last bits without having changed. */
export function goldenText(prediction: Prediction): string {
  return typeof prediction === 'number' ? `number:${Number(prediction.toPrecision(6))}` : `text:${String(prediction)}`;
}
