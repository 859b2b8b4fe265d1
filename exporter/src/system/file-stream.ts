import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { pipeline, Transform, type Readable } from 'node:stream';

/** The bytes of a file or of standard input from their beginning; of a compressed one also how many of those stored were read. */
export interface FileStream {
  readonly chunks: AsyncIterable<Buffer>;
  readonly readBytes: (() => number) | null;
}

/** Decompressed where its name ends in `.gz`; `-` is standard input. */
export function fileStream(path: string): FileStream {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1024 * 1024 });
  if (!path.endsWith('.gz')) return { chunks: source as AsyncIterable<Buffer>, readBytes: null };
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const unpacked = createGunzip({ chunkSize: 1024 * 1024 });
  // An error anywhere ends what is read with it.
  pipeline(source, counted, unpacked, () => undefined);
  return { chunks: unpacked, readBytes: () => bytes };
}

/** What lies at a path, and its size. @throws when there is nothing */
export async function whatIsAt(path: string): Promise<{ readonly isFolder: boolean; readonly sizeBytes: number }> {
  const found = await stat(path);
  return { isFolder: found.isDirectory(), sizeBytes: found.size };
}
