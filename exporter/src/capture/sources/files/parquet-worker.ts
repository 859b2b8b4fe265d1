/** Entry of a worker thread: decodes one Parquet file, whose bytes it asks for, a piece each time it is asked. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { FileProblem } from '../../../domain/file-problem.js';
import { parquetPieces, type ParquetPiece } from './parquet-rows.js';

export const parquetTaskSchema = z.object({
  byteLength: z.number(),
  rowsPerPiece: z.number(),
  largest: z.object({ bytes: z.number(), cells: z.number() }),
});
export type ParquetTask = z.output<typeof parquetTaskSchema>;

/** `bytes` is null where they could not be had. */
export type ToParquetWorker =
  { readonly kind: 'next' } | { readonly kind: 'bytes'; readonly of: number; readonly bytes: ArrayBuffer | null };
export type FromParquetWorker =
  | { readonly kind: 'bytes'; readonly of: number; readonly start: number; readonly end: number | undefined }
  | { readonly kind: 'piece'; readonly piece: ParquetPiece }
  | { readonly kind: 'end' }
  /** In words that may be told; null where they may not. */
  | { readonly kind: 'problem'; readonly words: string | null };

function work(port: NonNullable<typeof parentPort>, { byteLength, rowsPerPiece, largest }: ParquetTask): void {
  const asked: ((bytes: ArrayBuffer | null) => void)[] = [];
  const tell = (message: FromParquetWorker): void => port.postMessage(message);
  const slice = async (start: number, end?: number): Promise<ArrayBuffer> => {
    const bytes = await new Promise<ArrayBuffer | null>((resolve) => {
      asked.push(resolve);
      tell({ kind: 'bytes', of: asked.length - 1, start, end });
    });
    if (bytes === null) throw new FileProblem('its bytes did not come');
    return bytes;
  };
  const pieces = parquetPieces({ byteLength, slice }, rowsPerPiece, Infinity, largest);
  port.on('message', (message: ToParquetWorker) => {
    if (message.kind === 'bytes') {
      asked[message.of]?.(message.bytes);
      return;
    }
    pieces.next().then(
      ({ done, value }) => tell(done === true ? { kind: 'end' } : { kind: 'piece', piece: value }),
      (error: unknown) => tell({ kind: 'problem', words: error instanceof FileProblem ? error.message : null }),
    );
  });
}

if (parentPort !== null) work(parentPort, parquetTaskSchema.parse(workerData));
