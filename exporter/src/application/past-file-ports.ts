import type { MappedRole } from '../domain/field-mapping.js';
import type { IngestBatch } from '../domain/ingest.js';
import type { OpenPastFile, PastPiece } from '../domain/past-file.js';

/** What reads files of past rows that lie elsewhere. */
export interface PastFilePorts {
  readonly open: OpenPastFile;
  readonly readRows: (
    piece: Pick<PastPiece, 'body' | 'contentType'>,
    nowMs: number,
    model: string,
    said: ReadonlyMap<string, MappedRole>,
  ) => Omit<IngestBatch, 'batchId' | 'bodyDigest' | 'acknowledge'>;
  /** How long all files of one import may take. */
  readonly mostMs: () => number;
}
