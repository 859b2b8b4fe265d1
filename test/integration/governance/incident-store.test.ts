import { NOTHING_ASIDE } from '../../../exporter/src/store/documents.js';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentId } from '../../../exporter/src/domain/identifiers.js';
import type { TimelineEntry } from '../../../exporter/src/domain/incident.js';
import { SQLITE_LIMITS } from '../../../exporter/src/store/chunks.js';
import { incidentRepository } from '../../../exporter/src/store/incidents.js';
import { MIGRATIONS } from '../../../exporter/src/store/migrations/index.js';
import { openStore, type StoreLocation } from '../../../exporter/src/store/open-store.js';
import { incident, MODEL } from './harness.js';
import { testStores } from '../servers/stores.js';

const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

const connected = (location: StoreLocation): Knex =>
  location.kind === 'sqlite'
    ? knex({ client: 'sqlite3', connection: { filename: location.file }, useNullAsDefault: true })
    : knex({ client: 'pg', connection: location.url });

const line = (text: string, atMs = 1): TimelineEntry => ({ atMs, kind: 'decision', text });

describe.each(stores.kinds)('incidents in %s', (kind) => {
  it('keep every line of a timeline in the order of adding, however many are added at once', async () => {
    const store = await openStore(stores.fresh(kind));
    const { incidents } = store;
    const row = incident('i1');
    await incidents.save(row, [line('opened', 50), line('first evidence', 20)]);
    await Promise.all(Array.from({ length: 20 }, (_entry, i) => incidents.appendTimeline(row.id, [line(`note ${i}`)])));
    await incidents.save({ ...row, severity: 'low' }, [line('changed')]);
    const stored = await incidents.get(row.id);
    expect(stored?.severity).toBe('low');
    expect(stored?.timeline.slice(0, 2)).toEqual([line('opened', 50), line('first evidence', 20)]);
    // Without its timeline, which grows without it.
    const { timeline, ...open } = stored ?? expect.fail('not stored');
    expect(timeline).toHaveLength(23);
    expect(await incidents.openFor(MODEL)).toEqual(open);
    expect(await incidents.list({ model: MODEL, limit: 10 })).toEqual([stored]);
    await store.close();
  });

  it('that are closed are never opened again', async () => {
    const store = await openStore(stores.fresh(kind));
    const { incidents } = store;
    const row = incident('i1');
    await incidents.save(row);
    await incidents.save({ ...row, closedAtMs: 5 }, [line('closed')]);
    await incidents.save(row, [line('late')]);
    expect(await incidents.openFor(MODEL)).toBeNull();
    expect((await incidents.get(row.id))?.closedAtMs).toBe(5);
    expect((await incidents.get(row.id))?.timeline.map(({ text }) => text)).toEqual(['closed', 'late']);
    await store.close();
  });

  it('of an older mlfi keep their timelines, whose lines can then no longer be changed', async () => {
    const location = stores.fresh(kind);
    const db = connected(location);
    const before = MIGRATIONS.filter(({ name }) => name < '040');
    await db.migrate.latest({
      migrationSource: {
        getMigrations: () => Promise.resolve([...before]),
        getMigrationName: ({ name }: (typeof before)[number]) => name,
        getMigration: (migration: (typeof before)[number]) => Promise.resolve(migration),
      },
    });
    const timelines = [[], [line('one'), line('two')], Array.from({ length: 1_201 }, (_, i) => line(`line ${i}`, i))];
    const old = timelines.map((timeline, i) => ({ ...incident(`i${i}`), openedAtMs: i, timeline }));
    for (const { id, modelId: model, openedAtMs, closedAtMs, ...rest } of old) {
      const document = JSON.stringify({ id, modelId: model, openedAtMs, closedAtMs, ...rest });
      await db('incident').insert({ id, model, opened_at_ms: openedAtMs, closed_at_ms: closedAtMs, document });
    }
    const store = await openStore(location);
    const { incidents } = store;
    expect(await incidents.list({ limit: 10 })).toEqual(old.toReversed());
    await incidents.appendTimeline(incidentId('i1'), [line('three')]);
    expect((await incidents.get(incidentId('i1')))?.timeline).toEqual([line('one'), line('two'), line('three')]);
    await expect(db('incident_timeline').update({ text: 'other' })).rejects.toThrow(/never changed or deleted/);
    await expect(db('incident_timeline').delete()).rejects.toThrow(/never changed or deleted/);
    await db.destroy();
    await store.close();
  });

  it('are listed with as many statements for five hundred as for one', async () => {
    const location = stores.fresh(kind);
    const store = await openStore(location);
    const { incidents } = store;
    const db = connected(location);
    let statements = 0;
    db.on('query', () => (statements += 1));
    const read = async (): Promise<number> => {
      const listed = await incidentRepository(db, SQLITE_LIMITS, NOTHING_ASIDE).list({ model: MODEL, limit: 1_000 });
      for (const { timeline } of listed) expect(timeline).toHaveLength(2);
      return listed.length;
    };
    const add = (i: number): Promise<void> => incidents.save(incident(`i${i}`), [line('one'), line('two')]);
    await add(0);
    expect(await read()).toBe(1);
    expect(statements).toBe(2);
    for (let i = 1; i < 500; i += 1) await add(i);
    statements = 0;
    expect(await read()).toBe(500);
    expect(statements).toBe(2);
    await db.destroy();
    await store.close();
  });
});
