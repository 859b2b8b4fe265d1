import { existsSync, linkSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { ONLY_EPOCH, ONLY_SHARD, type Store } from '../../../exporter/src/domain/ports.js';
import { setting } from '../../../exporter/src/domain/setting.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { incident, MODEL, model } from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-held-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOTED = setting('noted', z.string());
const OPEN = incident('open');

/** Every kind of write, each by itself. */
const writes = (store: Store): readonly (readonly [string, () => Promise<unknown>])[] => [
  ['a model', () => store.models.save(model())],
  ['a model that goes', () => store.models.remove(MODEL)],
  ['a setting', () => store.settings.set(NOTED, 'noted')],
  [
    'a line of a timeline',
    () => store.incidents.appendTimeline(OPEN.id, [{ atMs: 2, kind: 'decision', text: 'noted' }]),
  ],
  ['windows that are old', () => store.windows.prune(1)],
  ['an alert', () => store.alerts.take([])],
  ['a decision', () => store.governance(({ settings }) => settings.set(NOTED, 'decided'))],
  ['a commit', () => store.atomic(ONLY_SHARD, ONLY_EPOCH, ({ settings }) => settings.set(NOTED, 'committed'))],
  ['the check', () => store.check()],
];

async function refused(store: Store, said: string): Promise<void> {
  for (const [what, write] of writes(store)) {
    const error = await write().catch((thrown: unknown) => thrown);
    expect(error, what).toBeInstanceOf(Unavailable);
    expect(String(error), what).toContain(said);
  }
}

async function taken(store: Store): Promise<void> {
  for (const [what, write] of writes(store)) await expect(write(), what).resolves.not.toThrow();
}

it('writes nothing at all while its file is moved away, reads on, and does both again when it is back', async () => {
  const file = join(folder, 'moved.sqlite');
  const store = await openStore({ kind: 'sqlite', file });
  await store.incidents.save(OPEN);
  await taken(store);
  renameSync(file, `${file}.away`);
  await refused(store, 'its file was moved or replaced');
  expect(await store.settings.get(NOTED)).toBe('committed');
  expect(await store.incidents.get(OPEN.id)).toMatchObject({ id: OPEN.id });
  renameSync(`${file}.away`, file);
  await taken(store);
  await store.close();
});

it('is not closed without a word while its file is away, and not begun anew beside what was committed last', async () => {
  const file = join(folder, 'away.sqlite');
  const store = await openStore({ kind: 'sqlite', file });
  await store.settings.set(NOTED, 'acknowledged');
  renameSync(file, `${file}.away`);
  await expect(store.close()).rejects.toThrow(`${file} was moved or replaced while mlfi ran`);
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  await expect(openStore({ kind: 'sqlite', file })).rejects.toThrow(/write-ahead log .*-wal is there .*Put it back/);
  expect([existsSync(file), existsSync(`${file}-wal`)]).toEqual([false, true]);
  renameSync(`${file}.away`, file);
  const again = await openStore({ kind: 'sqlite', file });
  expect(await again.settings.get(NOTED)).toBe('acknowledged');
  await again.close();
});

it('is one store under whatever name it is opened, and is refused with two names that are equals', async () => {
  const file = join(folder, 'named.sqlite');
  const first = await openStore({ kind: 'sqlite', file });
  const link = join(folder, 'link.sqlite');
  symlinkSync(file, link);
  await expect(openStore({ kind: 'sqlite', file: link })).rejects.toThrow('in use by another mlfi');
  await first.close();
  const second = await openStore({ kind: 'sqlite', file: link });
  expect(existsSync(`${link}.writer`)).toBe(false);
  await second.close();
  linkSync(file, join(folder, 'equal.sqlite'));
  await expect(openStore({ kind: 'sqlite', file })).rejects.toThrow(/named\.sqlite has 2 names \(hard links\)/);
  symlinkSync(join(folder, 'nothing'), join(folder, 'dangling.sqlite'));
  await expect(openStore({ kind: 'sqlite', file: join(folder, 'dangling.sqlite') })).rejects.toThrow(
    'is a link to a file that is not there',
  );
});

it('leaves the store to another one that took the lock when the lock file was removed', async () => {
  const file = join(folder, 'locked.sqlite');
  const first = await openStore({ kind: 'sqlite', file });
  await first.incidents.save(OPEN);
  await expect(openStore({ kind: 'sqlite', file })).rejects.toThrow('in use by another mlfi');
  rmSync(`${file}.writer`);
  await refused(first, 'its lock file (.writer) was removed or replaced');
  const second = await openStore({ kind: 'sqlite', file });
  await refused(first, 'its lock file (.writer) was removed or replaced');
  await taken(second);
  await expect(first.close()).rejects.toThrow(`${file}.writer was removed or replaced while mlfi ran`);
  await second.close();
});
