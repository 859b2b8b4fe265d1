import type { ImportOutcome, ImportPurpose } from './import.js';
import type { ImportNote, ImportPreview } from './import-preview.js';
import type { PastFileFormat } from './past-file.js';

/** Files of past rows that mlfi is to fetch. */
export interface FetchRequest {
  /** In the order they are imported; `version` is what the preview said, where only that file is meant. */
  readonly files: readonly { readonly url: string; readonly version: string | null }[];
  readonly purpose: ImportPurpose;
  /** What the columns are, as it was written. */
  readonly map: string | null;
  /** When rows without a time were made. */
  readonly spread: { readonly firstMs: number; readonly rowsPerDay: number } | null;
  readonly format: PastFileFormat | null;
}

/** How a file would be read. */
export interface FetchedPreview {
  /** Without what may be secret in it. */
  readonly url: string;
  readonly name: string;
  readonly version: string;
  readonly sizeBytes: number | null;
  /** Null where there is nothing in it. */
  readonly preview: ImportPreview | null;
}

export const FETCH_STATES = ['running', 'finished', 'failed', 'cancelled'] as const;

/** An import whose files mlfi fetches itself. */
export interface FetchedImport {
  readonly state: (typeof FETCH_STATES)[number];
  readonly purpose: ImportPurpose;
  /** Addresses, without what may be secret in them. */
  readonly files: readonly string[];
  readonly filesDone: number;
  /** The one that is read; null before the first. */
  readonly file: string | null;
  readonly rows: number;
  readonly labels: number;
  /** Rows that had been imported before. */
  readonly repeated: number;
  readonly refused: number;
  /** Of all files, 0–1; null where that is not known. */
  readonly share: number | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Why it failed; else null. */
  readonly problem: string | null;
  readonly errors: readonly {
    readonly file: string;
    readonly row: number;
    readonly rows: number;
    readonly message: string;
  }[];
  readonly notes: readonly ImportNote[];
  /** Null until it is finished, and where all rows had been imported before. */
  readonly outcome: ImportOutcome | null;
}
