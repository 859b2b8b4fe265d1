import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AsyncBuffer } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parquetPieces, type ParquetPiece } from '../../exporter/src/capture/sources/files/parquet-rows.js';
import { parquetPiecesInThread } from '../../exporter/src/capture/sources/files/parquet-thread.js';

const LARGEST = { bytes: 64 * 1024 * 1024, cells: 2_000_000 };
const COLUMNS = 20;
const never = new AbortController().signal;

describe('a Parquet file whose row group is as large as is taken from an address', () => {
  let folder: string;
  const bufferOf = (name: string): AsyncBuffer => {
    const bytes = new Uint8Array(readFileSync(join(folder, name))).buffer;
    return { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) };
  };
  const inThread = (name: string, more: { heapMebibytes?: number; signal?: AbortSignal } = {}) =>
    parquetPiecesInThread(
      bufferOf(name),
      5_000,
      { largest: LARGEST, heapMebibytes: more.heapMebibytes ?? 256 },
      more.signal ?? never,
    );
  /** The first piece, and how long at most nothing else had its turn before it came. */
  async function firstOf(pieces: AsyncGenerator<ParquetPiece>): Promise<{ piece: ParquetPiece; stopMs: number }> {
    let [last, stopMs] = [performance.now(), 0];
    const turn = (): void => {
      stopMs = Math.max(stopMs, performance.now() - last);
      last = performance.now();
    };
    const turns = setInterval(turn, 1);
    const { value } = (await pieces.next()) as { value: ParquetPiece };
    turn();
    clearInterval(turns);
    await pieces.return(undefined);
    return { piece: value, stopMs };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-parquet-'));
    await promisify(execFile)(process.env.MLFI_PYTHON ?? 'python3', [
      '-c',
      `import numpy as np, pandas as pd
rows = ${LARGEST.cells / COLUMNS}
random = np.random.default_rng(1)
d = pd.DataFrame({f"f{i}": random.normal(size=rows) for i in range(${COLUMNS})})
d.to_parquet(${JSON.stringify(join(folder, 'bound.parquet'))}, row_group_size=rows)
pd.concat([d, d.head(1)], ignore_index=True).to_parquet(${JSON.stringify(join(folder, 'larger.parquet'))}, row_group_size=rows + 1)`,
    ]);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is decoded while others have their turns, and alike', async () => {
    const direct = await firstOf(parquetPieces(bufferOf('bound.parquet'), 5_000));
    const threaded = await firstOf(inThread('bound.parquet'));
    expect(threaded.piece).toEqual(direct.piece);
    expect(threaded.stopMs).toBeLessThan(direct.stopMs / 3);
  });

  it('is refused where it is larger, or takes more memory, in words that say what to do', async () => {
    await expect(firstOf(inThread('larger.parquet'))).rejects.toThrow(
      /100001 rows, 20 columns .* up to 2 million cells and 64 MiB are\. .*row_group_size=100000.*mlfi import FILE/,
    );
    await expect(firstOf(inThread('bound.parquet', { heapMebibytes: 16 }))).rejects.toThrow(
      /takes more than 16 MiB when it is read: write smaller ones/,
    );
  });

  it('is left at once when it is not wanted any more', async () => {
    const stop = new AbortController();
    const reading = firstOf(inThread('bound.parquet', { signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('not wanted')), 50);
    await expect(reading).rejects.toThrow('not wanted');
  });

  it('says why its bytes did not come', async () => {
    const file: AsyncBuffer = { byteLength: 1_000_000, slice: () => Promise.reject(new Error('the server is away')) };
    const settings = { largest: LARGEST, heapMebibytes: 256 };
    await expect(firstOf(parquetPiecesInThread(file, 5_000, settings, never))).rejects.toThrow('the server is away');
  });
});
