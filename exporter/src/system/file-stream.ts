import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';

/** The bytes of a file or of standard input from their beginning, and how many of those stored were read. */
export interface FileStream {
  readonly chunks: AsyncIterable<Buffer>;
  readonly readBytes: () => number;
}

/** Decompressed where its name ends in `.gz`; `-` is standard input. */
export function fileStream(path: string): FileStream {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1024 * 1024 });
  let bytes = 0;
  source.on('data', (chunk: Buffer) => (bytes += chunk.length));
  source.pause();
  if (!path.endsWith('.gz')) return { chunks: source as AsyncIterable<Buffer>, readBytes: () => bytes };
  const unpacked = createGunzip({ chunkSize: 1024 * 1024 });
  source.on('error', (error) => unpacked.destroy(error));
  return { chunks: source.pipe(unpacked), readBytes: () => bytes };
}

/** What lies at a path, and its size. @throws when there is nothing */
export async function whatIsAt(path: string): Promise<{ readonly isFolder: boolean; readonly sizeBytes: number }> {
  const found = await stat(path);
  return { isFolder: found.isDirectory(), sizeBytes: found.size };
}
