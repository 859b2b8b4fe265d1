import type fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Store } from '../../../exporter/src/domain/ports.js';
import { openStore } from '../../../exporter/src/store/open-store.js';

/** A store in a file of its own. `remove` closes it and deletes the file. */
export async function storeInFile(): Promise<{ readonly store: Store; readonly remove: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-race-'));
  const store = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') });
  return {
    store,
    async remove() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A store in a file of its own for all tests of the file that calls this at its top: opened before them, removed after. */
export function storeOfTheFile(): { readonly store: Store } {
  let opened: Awaited<ReturnType<typeof storeInFile>> | null = null;
  beforeAll(async () => {
    opened = await storeInFile();
  });
  afterAll(() => opened?.remove());
  return {
    get store() {
      if (opened === null) throw new Error('the store is open only while tests run');
      return opened.store;
    },
  };
}

/** The same store, whose calls for incidents and decisions begin and answer in the order the scheduler likes. */
export function scheduledStore(store: Store, scheduler: fc.Scheduler): Store {
  const inAnyOrder = async <T>(work: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve());
    const result = await work();
    await scheduler.schedule(Promise.resolve());
    return result;
  };
  const { incidents, decisions, lessons } = store;
  return {
    ...store,
    incidents: {
      ...incidents,
      openFor: (model) => inAnyOrder(() => incidents.openFor(model)),
      save: (incident, entries) => inAnyOrder(() => incidents.save(incident, entries)),
      appendTimeline: (id, entries) => inAnyOrder(() => incidents.appendTimeline(id, entries)),
    },
    decisions: {
      ...decisions,
      list: (filter) => inAnyOrder(() => decisions.list(filter)),
      isActionUnderWay: (...asked) => inAnyOrder(() => decisions.isActionUnderWay(...asked)),
    },
    lessons: { ...lessons, save: (lesson) => inAnyOrder(() => lessons.save(lesson)) },
    governance: (work) => inAnyOrder(() => store.governance(work)),
  };
}
