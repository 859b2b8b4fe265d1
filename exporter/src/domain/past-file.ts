import type { MappedRole } from './field-mapping.js';
import type { ImportPreview } from './import-preview.js';

/** What a file of past rows may be said to hold. */
export const PAST_FILE_FORMATS = ['csv', 'tsv', 'lines', 'json', 'parquet'] as const;
export type PastFileFormat = (typeof PAST_FILE_FORMATS)[number];

/** Which file it was, kept while it is imported: nothing of it can be read back. */
export interface FileMark {
  /** Of where it lies. */
  readonly key: string;
  /** Another one where it is another file. */
  readonly version: string;
}

/** Rows of a file that are taken together. */
export interface PastPiece {
  readonly body: string;
  readonly contentType: string;
  /** At most; lines without a row are among them. */
  readonly rows: number;
  /** Of the file, 0–1; null where its length is not known. */
  readonly share: number | null;
}

/** A file of past rows somewhere else; read twice it is cut alike. */
export interface PastFile {
  readonly name: string;
  readonly mark: FileMark;
  readonly sizeBytes: number | null;
  /** Null where there is nothing in it. */
  preview(model: string, said: ReadonlyMap<string, MappedRole>): Promise<ImportPreview | null>;
  pieces(): AsyncIterable<PastPiece>;
}

/** Opens what lies at an http address. @throws Error in words, or what the signal was aborted with */
export type OpenPastFile = (url: string, format: PastFileFormat | null, signal: AbortSignal) => Promise<PastFile>;
