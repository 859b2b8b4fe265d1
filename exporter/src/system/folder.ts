import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Regular files of a folder (no links), and what each is whatever it is called. @throws when the folder cannot be read */
export async function listFolder(
  directory: string,
): Promise<readonly { name: string; identity: string; sizeBytes: number; changedAtMs: number }[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ name }) => {
        const { dev, ino, birthtimeMs, size, mtimeMs } = await stat(join(directory, name));
        const identity = `${dev}:${ino}:${Math.round(birthtimeMs)}`;
        return { name, identity, sizeBytes: size, changedAtMs: mtimeMs };
      }),
  );
}

/** At most `length` bytes of a file from `offset`. */
export async function readPart(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
