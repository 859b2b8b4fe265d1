import { lstatSync, realpathSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Unavailable } from '../domain/errors.js';

/** Tells a file from any other that takes its place; null when there is none. */
const identityOf = (file: string): Promise<string | null> =>
  stat(file, { bigint: true }).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );

interface Held {
  readonly file: string;
  readonly identity: string | null;
  /** What is told of it when it is another one. */
  readonly refused: string;
  readonly stopped: string;
}

/**
 * The files a SQLite store is open on. What is written into one that was moved away may never be seen again; and whoever holds a
 * lock on a file that is no longer the one others reach for may not be the only one who writes.
 */
export class HeldFiles {
  private constructor(private readonly held: readonly Held[]) {}

  /** Nothing is held: the database is elsewhere, or is not written. */
  static readonly NONE = new HeldFiles([]);

  /** Takes note of which files these are now, with the lock taken. */
  static async of(file: string): Promise<HeldFiles> {
    const lock = `${file}.writer`;
    return new HeldFiles([
      {
        file,
        identity: await identityOf(file),
        refused: 'its file was moved or replaced; put it back, or start mlfi again',
        stopped: `${file} was moved or replaced while mlfi ran, and nothing was taken since. The last of what was taken before is in ${file}-wal: put the file back beside it before the next start`,
      },
      {
        file: lock,
        identity: await identityOf(lock),
        refused:
          'its lock file (.writer) was removed or replaced, so that another mlfi may write it; see that only one runs, and start mlfi again',
        stopped: `${lock} was removed or replaced while mlfi ran, and nothing was taken since. Another mlfi may have written the store; see that only one runs`,
      },
    ]);
  }

  /** @throws Unavailable when one of them is no longer there, or another */
  async stillThere(): Promise<void> {
    const other = await this.other();
    if (other !== null) throw new Unavailable(`the store cannot be used: ${other.refused}`);
  }

  /** What whoever stops mlfi is told; null when all is as it was. */
  async stoppedBecause(): Promise<string | null> {
    return (await this.other())?.stopped ?? null;
  }

  private async other(): Promise<Held | null> {
    for (const one of this.held) if ((await identityOf(one.file)) !== one.identity) return one;
    return null;
  }
}

/**
 * The file itself, whatever names lead to it: the lock is beside it, and so are SQLite's own files.
 * @throws Error with the remedy when it has several names that are equals, or is a link to nothing
 */
export function fileItself(file: string): string {
  const known = lstatSync(file, { throwIfNoEntry: false });
  if (known === undefined) return file;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined)
    throw new Error(
      `${file} is a link to a file that is not there; put that file back, or remove the link to start anew`,
    );
  const itself = realpathSync(file);
  if (found.isFile() && found.nlink > 1)
    throw new Error(
      `${itself} has ${found.nlink} names (hard links), and another mlfi could write it under another one; keep one name (find -samefile lists them), or copy it`,
    );
  return itself;
}

/**
 * SQLite deletes the write-ahead log of a file that is empty or new: what was committed last would be lost.
 * @throws Error with the remedy when a log is there without its file
 */
export function expectNoLogAlone(file: string): void {
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeOf(file) === 0 && sizeOf(`${file}-wal`) > 0)
    throw new Error(
      `${file} is not there, or is empty, but its write-ahead log ${file}-wal is there with what was committed last: was the file moved away while mlfi ran? Put it back beside the log, or move the log away to start anew`,
    );
}
