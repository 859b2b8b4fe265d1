import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Semaphore } from 'async-mutex';
import { Piscina } from 'piscina';

/** A worker thread that runs one task at a time, fed in pieces. */
export interface AnalysisPool<Piece, Result> {
  /**
   * Sends the pieces one per turn of the event loop, so that copying them never holds it up, and waits for the result. What
   * waits for its turn is not copied before it comes.
   * @param cost of tasks that wait the one that costs less comes first, in powers of ten of any unit
   */
  run(pieces: Iterable<Piece>, cost?: number): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Starts worker threads on demand for one worker module, whose default export takes `{ port }`.
 * @param worker address of the module without its extension: `.js` after a build, `.ts` when run from source, where the
 *   thread loads tsx, as the process did
 */
export function createAnalysisPool<Piece, Result>(worker: URL, importer: string): AnalysisPool<Piece, Result> {
  const fromSource = importer.endsWith('.ts');
  const pool = new Piscina<{ readonly port: unknown }, Result>({
    filename: `${fileURLToPath(worker)}${fromSource ? '.ts' : '.js'}`,
    execArgv: fromSource ? ['--import', createRequire(importer).resolve('tsx')] : [],
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 60_000,
  });
  const turn = new Semaphore(1);
  return {
    run: (pieces, cost = 1) => turn.runExclusive(() => task(pieces), 1, -Math.floor(Math.log10(Math.max(1, cost)))),
    close() {
      turn.cancel();
      return pool.destroy();
    },
  };

  async function task(pieces: Iterable<Piece>): Promise<Result> {
    const { port1, port2 } = new MessageChannel();
    const result = pool.run({ port: port2 }, { transferList: [port2] });
    // Without this a task that fails while pieces are still being sent would count as unhandled.
    result.catch(() => undefined);
    for (const piece of pieces) {
      port1.postMessage(piece);
      await nextTurn();
    }
    port1.close();
    return result;
  }
}
