import type { IncidentRow } from './incident.js';

/**
 * What past rows are imported for. `baseline`: they are the normal that the model is compared with from now on. `history`: they
 * are judged in the order of their own time, as if mlfi had watched then.
 */
export const IMPORT_PURPOSES = ['baseline', 'history'] as const;
export type ImportPurpose = (typeof IMPORT_PURPOSES)[number];

/** An import that was begun: it is gone on with after a restart. */
export interface BegunImport {
  readonly purpose: ImportPurpose;
  /** Time of the first row that came; null where that was not kept. */
  readonly fromMs: number | null;
  /** When it was begun, by mlfi's clock. */
  readonly begunAtMs: number;
  /** The model had a baseline before: that stays when the import is cancelled. */
  readonly hadBaseline: boolean;
  /** Of files that were fetched from elsewhere which they were, by where they lie: another one is not gone on with. */
  readonly files?: Readonly<Record<string, string>>;
}

/** When rows without a time of their own were made: the first, and how far apart. */
export interface SpreadTimes {
  readonly firstMs: number;
  readonly stepMs: number;
}

/** What an import has brought so far; labels, and what was refused or repeated, since it was begun or taken up again. */
export interface ImportProgress {
  readonly purpose: ImportPurpose;
  readonly rows: number;
  readonly labels: number;
  readonly refused: number;
  /** Rows of batches that were taken before. */
  readonly repeated: number;
  /** Times of the oldest and the newest row; null before the first. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** What there was to say about imported rows. */
export interface ImportOutcome {
  readonly progress: ImportProgress;
  /** The version admitted; null where none was, with why. */
  readonly baselineVersion: number | null;
  readonly learnsStill: readonly string[];
  /** What is not as it would be had mlfi not been started anew on the way. */
  readonly notes: readonly string[];
  /** Incidents there would have been, oldest first; those open at the end of the history have no end. */
  readonly incidents: readonly IncidentRow[];
}
