import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

interface FileStat {
  /** What the file is whatever it is called: device, inode and time of birth. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
}

const statOf = ({ dev, ino, birthtimeMs, size, mtimeMs }: Stats): FileStat => ({
  identity: `${dev}:${ino}:${Math.round(birthtimeMs)}`,
  sizeBytes: size,
  changedAtMs: mtimeMs,
});

/** @throws the error, if it is another */
function nullWhereGone(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

/** Regular files of a folder (no links), without those that are gone meanwhile. @throws when the folder cannot be read */
export async function listFolder(directory: string): Promise<readonly (FileStat & { readonly name: string })[]> {
  const listed = await Promise.all(
    (await readdir(directory)).map(async (name) => {
      const stats = await lstat(join(directory, name)).catch(nullWhereGone);
      return stats?.isFile() === true ? [{ name, ...statOf(stats) }] : [];
    }),
  );
  return listed.flat();
}

/** A file that stays the one it is, whatever is called so by now. */
export interface OpenedFile {
  stat(): Promise<FileStat>;
  /** At most `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens a file, no link, and waits for nobody who would write into a pipe. Null where it is gone. */
export async function openFile(path: string): Promise<OpenedFile | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(nullWhereGone);
  if (file === null) return null;
  return {
    stat: async () => statOf(await file.stat()),
    async read(offset, length) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}
