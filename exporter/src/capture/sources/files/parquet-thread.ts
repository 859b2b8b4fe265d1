import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AsyncBuffer } from 'hyparquet';
import { FileProblem } from '../../../domain/file-problem.js';
import type { LargestGroup, ParquetPiece } from './parquet-rows.js';
import type { FromParquetWorker, ParquetTask, ToParquetWorker } from './parquet-worker.js';

export interface ParquetThreadSettings {
  readonly largest: LargestGroup;
  /** Of the thread, beside the bytes of the row group. */
  readonly heapMebibytes: number;
}

/**
 * As `parquetPieces`, decoded in a thread of its own: a row group is decoded at once, and mlfi answers meanwhile. The thread ends
 * with the reading, or with the signal.
 * @throws FileProblem, what reading the bytes throws, or what the signal was aborted with
 */
export async function* parquetPiecesInThread(
  file: AsyncBuffer,
  rowsPerPiece: number,
  { largest, heapMebibytes }: ParquetThreadSettings,
  signal: AbortSignal,
): AsyncGenerator<ParquetPiece> {
  signal.throwIfAborted();
  const isSource = import.meta.url.endsWith('.ts');
  const entry = new URL(`./parquet-worker${isSource ? '.ts' : '.js'}`, import.meta.url);
  const task: ParquetTask = { byteLength: file.byteLength, rowsPerPiece, largest };
  const worker = new Worker(fileURLToPath(entry), {
    workerData: task,
    execArgv: isSource ? ['--import', createRequire(import.meta.url).resolve('tsx')] : [],
    resourceLimits: { maxOldGenerationSizeMb: heapMebibytes },
  });
  const reading = new Reading(worker, file, heapMebibytes);
  const end = (): void => reading.fail(signal.reason);
  signal.addEventListener('abort', end);
  try {
    for (let piece = await reading.next(); piece !== null; piece = await reading.next()) yield piece;
  } finally {
    signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What the thread is asked, one piece at a time, and the bytes that it asks for. */
class Reading {
  private settle: { resolve(piece: ParquetPiece | null): void; reject(error: unknown): void } | null = null;
  private failure: { readonly error: Error } | null = null;

  constructor(
    private readonly worker: Worker,
    private readonly file: AsyncBuffer,
    heapMebibytes: number,
  ) {
    worker.on('message', (message: FromParquetWorker) => this.take(message));
    worker.on('error', (error: Error & { readonly code?: unknown }) => {
      const isTooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const words = `a row group of it takes more than ${heapMebibytes} MiB when it is read: write smaller ones (pandas: row_group_size=…), or import the file itself (mlfi import FILE)`;
      this.fail(isTooLarge ? new FileProblem(words) : error);
    });
    worker.on('exit', () => this.fail(new Error('the thread that reads Parquet ended')));
  }

  next(): Promise<ParquetPiece | null> {
    return new Promise((resolve, reject) => {
      if (this.failure !== null) {
        reject(this.failure.error);
        return;
      }
      this.settle = { resolve, reject };
      this.send({ kind: 'next' });
    });
  }

  fail(error: unknown): void {
    this.failure ??= { error: asError(error) };
    this.settle?.reject(this.failure.error);
    this.settle = null;
  }

  private take(message: FromParquetWorker): void {
    if (message.kind === 'bytes') void this.give(message);
    else if (message.kind === 'problem')
      this.fail(
        message.words === null ? new Error('a Parquet file could not be read') : new FileProblem(message.words),
      );
    else {
      this.settle?.resolve(message.kind === 'end' ? null : message.piece);
      this.settle = null;
    }
  }

  private async give({ of, start, end }: FromParquetWorker & { readonly kind: 'bytes' }): Promise<void> {
    try {
      const bytes = await this.file.slice(start, end);
      this.send({ kind: 'bytes', of, bytes }, [bytes]);
    } catch (error) {
      // Why they did not come is told, not what the thread makes of it.
      this.failure ??= { error: asError(error) };
      this.send({ kind: 'bytes', of, bytes: null });
    }
  }

  private send(message: ToParquetWorker, transferred: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transferred);
  }
}
