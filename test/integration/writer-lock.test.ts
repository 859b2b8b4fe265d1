import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure, IS_LONG } from '../hostile/figures.js';
import { openStore, type StoreLocation } from '../../exporter/src/store/open-store.js';

const CHILD = join(import.meta.dirname, 'writer-lock-child.ts');
const TSX = ['--import', 'tsx'];
const ROUNDS = IS_LONG ? 2_000 : 100;
const PROCESSES = 4;
const ATTEMPTS = 5;
/** How often the owner is killed rather than asked to let go: a new process takes half a second to start. */
const KILLED_EVERY = 10;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-lock-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const child = (): ChildProcess => fork(CHILD, { execArgv: TSX });

interface Reached {
  readonly owner?: boolean;
  readonly said?: string;
}

async function ask(process: ChildProcess, order: object): Promise<Reached> {
  const answer = once(process, 'message');
  process.send(order);
  const [said] = (await answer) as [Reached];
  return said;
}

it(
  `has one owner in each of ${ROUNDS} races of ${PROCESSES} processes, also after the owner was killed`,
  async () => {
    const racers = Array.from({ length: PROCESSES }, child);
    const owners = new Map<number, number>();
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const file = join(folder, 'raced.sqlite');
        let winners: readonly number[] = [];
        // On a busy machine all may give up in the same instant; two owners are never forgiven.
        for (let attempt = 0; attempt < ATTEMPTS && winners.length === 0; attempt += 1) {
          const reached = await Promise.all(racers.map((racer) => ask(racer, { reach: file })));
          winners = reached.flatMap(({ owner }, index) => (owner === true ? [index] : []));
          for (const { owner, said } of reached) if (owner === false) expect(said).toContain('in use by another mlfi');
        }
        owners.set(winners.length, (owners.get(winners.length) ?? 0) + 1);
        for (const index of winners) {
          const winner = racers[index];
          if (winner === undefined) continue;
          if (round % KILLED_EVERY === 0) {
            winner.kill('SIGKILL');
            await once(winner, 'exit');
            racers[index] = child();
          } else await ask(winner, {});
        }
      }
    } finally {
      for (const racer of racers) racer.kill('SIGKILL');
    }
    figure(`${ROUNDS} races of ${PROCESSES} processes: owners by how often ${JSON.stringify([...owners])}`);
    expect([...owners]).toEqual([[1, ROUNDS]]);
  },
  30_000 + ROUNDS * 1_000,
);

it('is not given back by a second try in the same process', async () => {
  const location: StoreLocation = { kind: 'sqlite', file: join(folder, 'twice.sqlite') };
  const store = await openStore(location);
  await expect(openStore(location)).rejects.toThrow('in use by another mlfi');
  const other = spawnSync(process.execPath, [...TSX, CHILD, location.file], { encoding: 'utf8' });
  expect(other).toMatchObject({ status: 1 });
  expect(other.stdout).toContain('in use by another mlfi');
  await store.close();
}, 30_000);

it('says in words that another program has the file, and starts where a change of the schema was killed', async () => {
  const location = { kind: 'sqlite', file: join(folder, 'held.sqlite') } as const;
  await (await openStore(location)).close();
  const holder = new sqlite3.Database(location.file);
  const run = promisify(holder.exec.bind(holder));
  await run('BEGIN EXCLUSIVE');
  const refused = await openStore(location).then(
    () => '',
    (error: unknown) => String(error),
  );
  expect(refused).toMatch(/held\.sqlite is locked by another program .+; end that, and start mlfi again$/);
  await run('ROLLBACK; UPDATE knex_migrations_lock SET is_locked = 1');
  await promisify(holder.close.bind(holder))();
  await (await openStore(location)).close();
}, 30_000);

it('is free again for process 1 of a new container after process 1 of the old one was killed', async (context) => {
  const inContainer = ['--pid', '--fork', '--mount-proc', '--kill-child'];
  if (spawnSync('unshare', [...inContainer, 'true']).status !== 0) {
    context.skip('process namespaces need more rights than these');
    return;
  }
  const file = join(folder, 'container.sqlite');
  const start = (): ChildProcess => spawn('unshare', [...inContainer, process.execPath, ...TSX, CHILD, file]);
  const said = async (container: ChildProcess): Promise<string> => {
    if (container.stdout === null) throw new Error('nothing can be heard');
    const [chunk] = (await once(container.stdout, 'data')) as [Buffer];
    return chunk.toString();
  };
  for (let round = 0; round < 3; round += 1) {
    const container = start();
    expect(await said(container)).toBe('locked by process 1\n');
    const second = start();
    expect(await said(second), 'while it lives').toContain('in use by another mlfi');
    container.kill('SIGKILL');
    await once(container, 'exit');
  }
}, 60_000);

const hasCompiler = spawnSync('cc', ['--version']).status === 0;
it.skipIf(!hasCompiler).each([
  { error: 'EOPNOTSUPP', environment: {}, told: 'lies on a file system without file locks (a network share?)' },
  {
    error: 'ENOLCK',
    environment: { NOLOCK_ENOLCK: '1' },
    told: 'on a network share whose lock service does not answer',
  },
])(
  'says in words that a file system has no locks ($error)',
  ({ environment, told }) => {
    const library = join(folder, 'no-locks.so');
    const source = join(import.meta.dirname, 'servers/no-locks.c');
    expect(spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])).toMatchObject({ status: 0 });
    const { stdout, status } = spawnSync(process.execPath, [...TSX, CHILD, join(folder, 'share.sqlite')], {
      encoding: 'utf8',
      env: { ...process.env, ...environment, LD_PRELOAD: library },
    });
    expect(status).toBe(1);
    expect(stdout).toContain(told);
  },
  30_000,
);

it.each(['new', 'killed while all could read it'])('makes files only mlfi can read: %s', async (how) => {
  const place = mkdtempSync(join(folder, 'private-'));
  if (how !== 'new') {
    const other = mkdtempSync(join(folder, 'older-'));
    const killed = await openStore({ kind: 'sqlite', file: join(other, 'mlfi.sqlite') });
    for (const name of readdirSync(other))
      writeFileSync(join(place, name), readFileSync(join(other, name)), { mode: 0o644 });
    await killed.close();
    expect((statSync(join(place, 'mlfi.sqlite-wal')).mode & 0o777).toString(8)).toBe('644');
  }
  const store = await openStore({ kind: 'sqlite', file: join(place, 'mlfi.sqlite') });
  await store.check();
  const modes = readdirSync(place).map((name) => [name, (statSync(join(place, name)).mode & 0o777).toString(8)]);
  expect(modes.sort()).toEqual([
    ['mlfi.sqlite', '600'],
    ['mlfi.sqlite-shm', '600'],
    ['mlfi.sqlite-wal', '600'],
    ['mlfi.sqlite.writer', '600'],
    ['mlfi.sqlite.writer-journal', '600'],
  ]);
  await store.close();
});
