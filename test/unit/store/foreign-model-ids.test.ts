import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { incident, model } from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-model-ids-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('counts the incidents of all models though one row names a model that no id can name', async () => {
  const file = join(folder, 'mlfi.sqlite');
  const first = await openStore({ kind: 'sqlite', file });
  for (const name of ['damaged', 'sound']) {
    await first.models.save({ ...model(), id: modelId(name) });
    await first.incidents.save({ ...incident(`of-${name}`), modelId: modelId(name) });
  }
  await first.close();
  const db = new DatabaseSync(file);
  db.exec("pragma foreign_keys = off; update incident set model = 'Bad Name!' where model = 'damaged'");
  db.close();
  const store = await openStore({ kind: 'sqlite', file });
  const { models } = await store.decisionCounts();
  expect([...models].map(([id, { incidents }]) => [id, incidents])).toEqual([['sound', 1]]);
  await store.close();
});
