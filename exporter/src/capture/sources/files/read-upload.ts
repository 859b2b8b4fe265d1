import type { FieldMapping } from '../../../domain/field-mapping.js';
import { FileProblem } from '../../../domain/file-problem.js';
import { Invalid } from '../../../domain/errors.js';
import type { BatchReader } from '../../ingest/batch-reader.js';
import type { ParsedBatch } from '../../ingest/parse.js';
import { parquetPieces } from './parquet-rows.js';

const MAGIC = 'PAR1';

/**
 * Reads uploaded rows of the past: what the route of observations takes, and Parquet, known by how it begins.
 * @throws Invalid for a Parquet file that cannot be read, or has more rows than a batch may have
 */
export async function readUpload(
  batches: Pick<BatchReader, 'read'>,
  mostRows: number,
  body: Buffer,
  contentType: string,
  nowMs: number,
  model: string,
  said: FieldMapping['fields'],
): Promise<ParsedBatch> {
  if (body.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    return batches.read(body.toString('utf8'), contentType, nowMs, model, said, 'past');
  const bytes = new Uint8Array(body).buffer;
  const file = { byteLength: bytes.byteLength, slice: (start: number, end?: number) => bytes.slice(start, end) };
  try {
    const pieces = [];
    for await (const piece of parquetPieces(file, Number.MAX_SAFE_INTEGER, mostRows)) pieces.push(piece);
    const [first, ...others] = pieces;
    if (first === undefined) throw new FileProblem('it holds no row');
    if (others.length > 0)
      throw new FileProblem('it has more than one row group; mlfi import sends such a file in parts');
    return batches.read(first.body, 'application/json', nowMs, model, said, 'past');
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    throw new Invalid(`the Parquet file cannot be read: ${error.message.slice(0, 200)}`, 'body');
  }
}
