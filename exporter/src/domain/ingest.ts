import type { ModelId } from './identifiers.js';
import type { LogStep } from './log-position.js';
import type { LateLabel, Observation } from './observation.js';

/** Why a row of a batch was refused. */
export const REFUSAL_REASONS = [
  'not_json',
  'not_csv',
  'not_an_object',
  'unknown_field',
  'no_prediction',
  'unaligned',
  'unanswered',
  'bad_prediction',
  'bad_label',
  'bad_id',
  'imprecise_id',
  'bad_timestamp',
  'timestamp_in_future',
  'timestamp_in_past',
  'bad_confidence',
  'bad_latency',
  'bad_features',
  'bad_context',
  'bad_version',
  'nested_too_deep',
  'array_too_long',
  'too_many_rows',
  'too_many_refused',
  /** Refused by a release that kept no reasons. */
  'unspecified',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What was changed or left out of a row that was taken. */
export const NOTE_REASONS = [
  'not_a_number',
  'duplicate_name',
  /** Nothing was changed: an array that ends without its bracket was cut off. */
  'not_closed',
  'colliding_names',
  'name_changed',
  'features_cut',
  'array_cut',
  'text_changed',
  /** Nothing was changed: texts that differ were made alike before mlfi read them. */
  'not_utf8',
  'field_left_out',
  /** Nothing was changed: a field that `map` names is in no row. */
  'not_met',
  /** Nothing was changed: `1,5` stays a text. */
  'decimal_comma',
  'positive_probability',
  /** Nothing was changed, and nothing in the row can be compared. */
  'inputs_unknown',
  /** Nothing was changed, and there is no answer to watch. */
  'prediction_missing',
  /** Nothing was changed, and the call counts as one without a usable answer. */
  'no_answer',
  /** Nothing was changed, and nothing is judged before the model is resumed. */
  'model_paused',
  /** Nothing was changed, and nothing is found in the rows: mlfi's own probes judge the model until enough were logged. */
  'probes_judge',
  /** Nothing was changed, and the model is judged by logged rows from now on. */
  'rows_judge',
] as const;
export type NoteReason = (typeof NOTE_REASONS)[number];

/** Rows refused for one and the same slip. Says the field and what would be right, never a value of the row. */
export interface IngestLineError {
  /** 1-based position of the first of them in the batch: of the line, or of the element of an array. */
  readonly line: number;
  readonly rows: number;
  readonly field: string;
  readonly reason: RefusalReason;
  readonly message: string;
}

/** Rows that were taken with a change, counted by reason, with the first of them. */
export interface IngestNote {
  readonly reason: NoteReason;
  readonly rows: number;
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

/** What became of the rows a model was sent lately. */
export interface IntakeSummary {
  readonly taken: number;
  readonly refused: number;
  /** Why more than half of them were refused; null when none was, or for several reasons. */
  readonly mostRefusedFor: RefusalReason | null;
  /** Parts of rows that were left out of what is watched. */
  readonly leftOut: readonly IngestNote[];
  /** The newest row of each batch is so much older than its arrival, by the same part of a time zone each time; else null. */
  readonly clockOffsetMs: number | null;
  /**
   * Rows that are in the counts and were never judged: they came too late for it, or what they said was not stored when the
   * process was killed; and labels whose prediction did not come in time.
   */
  readonly notJudged: {
    readonly late: number;
    readonly lost: number;
    readonly labels?: number;
    /** Rows dated by mlfi's own clock while it was ahead, as late as `aheadToMs`; absent where it was not. */
    readonly clock?: { readonly aheadToMs: number; readonly setBackAtMs: number } | undefined;
  };
  /** Rows that are counted and wait for older ones before they are judged; null when none does. */
  readonly waiting?: RowsWaiting | null;
  /** Features beyond those one model is watched by; null when there are none. */
  readonly unwatched: UnwatchedFeatures | null;
}

/** Rows that wait for older ones. */
export interface RowsWaiting {
  readonly rows: number;
  /** So long, by mlfi's clock, if nothing more comes before. */
  readonly untilMs: number;
  /** How far behind newer ones rows come: so long each waits. */
  readonly latenessMs: number;
}

/** Features that are in no count, because as many as are watched of one model came before them. */
export interface UnwatchedFeatures {
  /** Different names, counted up to a thousand. */
  readonly names: number;
  readonly first: string;
  /** `intake.limits.features_per_model` as it is in force. */
  readonly watched: number;
}

export type RefusalCounts = Readonly<Partial<Record<RefusalReason, number>>>;

/** So many of the rows sent last say what a sender sends now: one that was repaired is soon forgiven. */
export const NEWEST_ROWS = 100;

/** What became of the rows sent last, at most `NEWEST_ROWS`. */
export interface NewestRows {
  readonly taken: number;
  readonly refused: number;
  readonly byReason: RefusalCounts;
}

export interface IngestBatch {
  /** Whose clock the rows follow: one name for each sender, whatever it is. In memory only; absent where nobody says. */
  readonly sender?: string;
  /** What the rows were read from that other models' rows may be read from as well, in words; absent where nothing is. */
  readonly source?: string;
  readonly batchId: string | null;
  /** What a repeated `batchId` must come with (`isSameBatch`): SHA-256 of the body, and, each after a colon, of the route and map, and whether it is read as a table. Null where there is no id. */
  readonly bodyDigest: string | null;
  readonly observations: readonly Observation[];
  readonly labels: readonly LateLabel[];
  /** All refused rows. */
  readonly rejected: number;
  readonly rejectedByReason: RefusalCounts;
  /** Of the last rows as they stand in the batch; absent where nobody says. */
  readonly newest?: NewestRows;
  /** The slips of refused rows, at most `ERRORS_TOLD`, by position of the first row. */
  readonly errors: readonly IngestLineError[];
  readonly notes: readonly IngestNote[];
  /** `commit`: answered after the counts are stored · `memory`: the explicit fast lane. */
  readonly acknowledge: 'commit' | 'memory';
  /** Positions in logs that are stored with it; absent where it is of none. Only with `commit`. */
  readonly steps?: readonly LogStep[];
}
/** Different slips that are named; all refused rows are counted. */
export const ERRORS_TOLD = 100;

export interface IngestResult {
  readonly accepted: number;
  /** Rows that came with their prediction and its label. */
  readonly labelsInRows: number;
  /** Labels by themselves whose prediction is known. */
  readonly labelsMatched: number;
  readonly labelsUnmatched: number;
  /** Those of the unmatched that wait for their prediction. */
  readonly labelsWaiting: number;
  readonly rejected: number;
  readonly rejectedByReason: RefusalCounts;
  readonly errors: readonly IngestLineError[];
  readonly notes: readonly IngestNote[];
  readonly duplicate: boolean;
}

/** The watched models, as whoever brings rows for them sees them. */
export interface RowTaker {
  has(id: ModelId): boolean;
  /**
   * Takes a batch and answers when it is stored (or at once for `memory`). A repeated batch id changes nothing.
   * @throws NotFound, Conflict (LogMovedOn for a step that is not the next one), or Unavailable when the store cannot be written: then nothing was counted
   */
  ingest(id: ModelId, batch: IngestBatch): Promise<IngestResult>;
}

/** An identity that was taken: the answer it got, and of which body. */
export interface TakenBatch {
  readonly result: IngestResult;
  /** Null for a batch of a release that did not keep it: any body is then the same. */
  readonly bodyDigest: string | null;
}

/** Whether two digests are of one batch. One of an earlier release says less of how the body was read: what it leaves out is no difference. */
export function isSameBatch(one: string, other: string): boolean {
  const [parts, others] = [one.split(':'), other.split(':')];
  return parts.every((part, i) => others[i] === undefined || others[i] === part);
}

/** Whether a body of this content type is read as a table. */
export const isTable = (contentType: string): boolean =>
  /^(?:text\/(?:csv|tab-separated-values)|application\/csv)\s*(?:;|$)/i.test(contentType.trim());

/** What a batch may bring. A row beyond a limit is refused or cut, and told. */
export interface IntakeLimits {
  readonly rowsPerBatch: number;
  readonly featuresPerEvent: number;
  readonly featureNameLength: number;
  readonly nestingDepth: number;
  readonly arrayLength: number;
  /** Different values of one feature that a window tells apart; further ones count together. */
  readonly categoriesPerFeature: number;
  /** Features of one model that are watched, parts of texts among them; further ones are told as a blind spot. */
  readonly featuresPerModel: number;
}
export const DEFAULT_INTAKE_LIMITS: IntakeLimits = {
  rowsPerBatch: 200_000,
  featuresPerEvent: 500,
  featureNameLength: 100,
  nestingDepth: 8,
  arrayLength: 100_000,
  categoriesPerFeature: 1_000,
  featuresPerModel: 500,
};
