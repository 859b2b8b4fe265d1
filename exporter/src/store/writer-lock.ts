import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Lets one process at a time write a SQLite file: a lock file beside it names the owner's process id. An owner that is
 * gone (kill -9 included) loses the lock.
 * @returns the function that gives the lock back
 * @throws Error when another live process holds it
 */
export function lockWriter(file: string): () => void {
  const lock = `${file}.lock`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(lock, 'utf8'));
      if (isAlive(owner)) {
        throw new Error(
          `${file} is in use by process ${owner}; stop it, or choose another data_dir. Several writers need PostgreSQL (database.url).`,
        );
      }
      rmSync(lock, { force: true });
    }
  }
  throw new Error(`${file} is being opened by several processes at once`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
