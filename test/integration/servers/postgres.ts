import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Postgres {
  /** Connection string of a fresh, empty database. */
  freshDatabase(): string;
  /** Kills the server, as a crash does; its data stays. */
  kill(): void;
  /** Starts it again on the same port and data. */
  startAgain(): void;
  /** Lets it stand still, as a partition or a frozen machine does: it is there, and answers nothing. */
  pause(): void;
  /** Lets it go on. */
  resume(): void;
  stop(): void;
}

/** Folder of initdb and pg_ctl as Debian installs them; null when PostgreSQL is not there. */
export function postgresBinaries(): string | null {
  try {
    const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    return newest === undefined ? null : `/usr/lib/postgresql/${newest}/bin`;
  } catch {
    return null;
  }
}

function run(command: string, args: readonly string[], asPostgres: boolean): void {
  const full = asPostgres ? ['runuser', '-u', 'postgres', '--', command, ...args] : [command, ...args];
  const [program = '', ...rest] = full;
  const done = spawnSync(program, rest, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status !== 0) throw new Error(`${command} failed: ${done.stderr}`);
}

/** Starts PostgreSQL on a free loopback port with its data in a temporary folder. As root it runs as user postgres. */
export async function startPostgres(binaries: string): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-postgres-'));
  const asPostgres = process.getuid?.() === 0;
  if (asPostgres) {
    const uid = Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout);
    chownSync(folder, uid, uid);
  }
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const data = join(folder, 'data');
  run(
    join(binaries, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8'],
    asPostgres,
  );
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`;
  const start = (): void =>
    run(join(binaries, 'pg_ctl'), ['-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start'], asPostgres);
  const kill = (): void => run(join(binaries, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], asPostgres);
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    const [postmaster = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    const sessions = spawnSync('ps', ['-o', 'pid=', '--ppid', postmaster], { encoding: 'utf8' })
      .stdout.trim()
      .split(/\s+/);
    for (const pid of [postmaster, ...sessions]) {
      try {
        process.kill(Number(pid), name);
      } catch (error) {
        // A session may have ended since they were listed.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  };
  start();
  let databases = 0;
  return {
    freshDatabase() {
      databases += 1;
      const name = `mlfi_${databases}`;
      run(join(binaries, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name], false);
      return `postgresql://postgres@127.0.0.1:${port}/${name}`;
    },
    kill,
    startAgain: start,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop() {
      kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
