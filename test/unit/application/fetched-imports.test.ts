import { expect, it, vi } from 'vitest';
import { fetchedImportUseCases } from '../../../exporter/src/application/fetched-imports.js';
import { SYSTEM } from '../../../exporter/src/domain/actor.js';
import type { FetchRequest } from '../../../exporter/src/domain/fetched-import.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { ImportPreview } from '../../../exporter/src/domain/import-preview.js';
import type { PastFile } from '../../../exporter/src/domain/past-file.js';

type Ports = Parameters<typeof fetchedImportUseCases>[0];
const MODEL = modelId('m');
const REQUEST: FetchRequest = {
  ...{ files: [{ url: 'https://files.example.org/a.csv', version: null }], purpose: 'baseline', map: null },
  ...{ spread: null, format: null },
};
const PREVIEW: ImportPreview = {
  ...{ file: 'a.csv', columns: [], rows: 1, labels: 0, refused: 0, errors: [], notes: [] },
  ...{ isTable: true, hasPredictions: true, isUndated: false },
};

/** Resolves when it is told to. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function started({ previewing = Promise.resolve(), finishing = Promise.resolve(), recorded = Promise.resolve() } = {}) {
  let isUnderWay = false;
  const opens: string[] = [];
  const taken = { accepted: 1, labelsMatched: 0, labelsUnmatched: 0, rejected: 0, duplicate: false };
  const file: PastFile = {
    ...{ name: 'a.csv', mark: { key: 'k', version: 'v' }, sizeBytes: 1 },
    preview: () => previewing.then(() => PREVIEW),
    async *pieces() {
      await Promise.resolve();
      yield { body: 'x', contentType: 'text/csv', rows: 1, share: 1 };
    },
  };
  const cases = fetchedImportUseCases({
    imports: {
      isUnderWay: () => isUnderWay,
      heard: () => undefined,
      taken: () => Promise.resolve(null),
      take: () => {
        isUnderWay = true;
        return Promise.resolve({ ...taken, notes: [], errors: [] });
      },
      finish: async () => {
        await finishing;
        isUnderWay = false;
        return { progress: { rows: 1 } };
      },
    } as unknown as Ports['imports'],
    pastFiles: {
      open: (url) => {
        opens.push(url);
        return Promise.resolve(file);
      },
      readRows: () => ({ observations: [], labels: [] }) as unknown as ReturnType<Ports['pastFiles']['readRows']>,
      mostMs: () => 60_000,
    },
    fleet: { has: (id: string) => id !== 'gone', monitoredModel: () => ({}) } as unknown as Ports['fleet'],
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    logger: { warn: () => undefined } as unknown as Ports['logger'],
    auditNote: () => () => Promise.resolve(),
    store: { governance: () => recorded } as unknown as Ports['store'],
  });
  return { cases, opens };
}
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

it('looks at files of four imports and previews at once, and says so to a fifth', async () => {
  const { opened, open } = gate();
  const { cases, opens } = started({ previewing: opened });
  await cases.start(MODEL, REQUEST, SYSTEM);
  const previews = Array.from({ length: 10 }, (_, i) => cases.preview(modelId(`p${i}`), REQUEST));
  const all = Promise.allSettled(previews);
  await settled();
  expect(opens).toHaveLength(4);
  await expect(cases.start(modelId('another'), REQUEST, SYSTEM)).rejects.toMatchObject({ kind: 'too-many-requests' });
  open();
  const refused = (await all).flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  expect(refused).toHaveLength(7);
  for (const each of refused) expect(each).toMatchObject({ kind: 'too-many-requests' });
  await cases.preview(MODEL, REQUEST);
});

it('says how a model is made that there is none of', async () => {
  const { cases } = started();
  await expect(cases.start(modelId('gone'), REQUEST, SYSTEM)).rejects.toThrow(
    'there is no model "gone"; POST /api/v1/models {"id": "gone"} makes it',
  );
});

it('says that nothing was cancelled of an import that was finished meanwhile', async () => {
  const { opened, open } = gate();
  const { cases } = started({ finishing: opened });
  await cases.start(MODEL, REQUEST, SYSTEM);
  await vi.waitFor(() => expect(cases.newest(MODEL)?.filesDone).toBe(1));
  const cancelled = cases.cancel(MODEL);
  open();
  await expect(cancelled).rejects.toThrow(/was finished before/);
  expect(cases.newest(MODEL)).toMatchObject({ state: 'finished' });
});

it('tells nothing of a model that was removed', async () => {
  const { cases } = started();
  await cases.start(MODEL, REQUEST, SYSTEM);
  await vi.waitFor(() => expect(cases.newest(MODEL)?.state).toBe('finished'));
  cases.forget(MODEL);
  expect(cases.newest(MODEL)).toBeNull();
});

it('fetches nothing before it is on record', async () => {
  const { opened, open } = gate();
  const { cases, opens } = started({ recorded: opened });
  const starting = cases.start(MODEL, REQUEST, SYSTEM);
  await settled();
  expect(opens).toEqual([]);
  await expect(cases.start(MODEL, REQUEST, SYSTEM)).rejects.toThrow(/being fetched/);
  open();
  await starting;
  await vi.waitFor(() => expect(cases.newest(MODEL)?.state).toBe('finished'));
});
