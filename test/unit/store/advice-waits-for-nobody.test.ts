import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import {
  allExecutors,
  governanceOn,
  incident,
  model,
  MODEL,
  policyOf,
  proposal,
} from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-advice-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('counts as waiting what somebody is to decide, and no advice, which executes nothing', async () => {
  const store = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') });
  const governance = governanceOn(store, {
    clock: systemClock,
    ids: randomIds,
    policy: () => policyOf(1),
    executors: allExecutors({
      repetition: 'none',
      prepare: () => Promise.resolve({ kind: 'ready', text: 'would do it' }),
      execute: () => Promise.resolve({ kind: 'succeeded', detail: 'done' }),
      lookup: () => Promise.resolve({ kind: 'unknown', detail: '' }),
    }),
  });
  await store.models.save(model());
  const open = incident('i1');
  await store.incidents.save(open);
  const advice = { ...proposal('fix-pipeline', 'Find where the time goes'), plan: null };
  await governance.propose(open, [advice]);
  const onlyAdvice = (await store.decisionCounts()).models.get(MODEL);
  expect([onlyAdvice?.recommendations.pending ?? 0, onlyAdvice?.oldestPendingAtMs]).toEqual([0, null]);
  await governance.propose(open, [advice, { ...proposal(), why: 'its "plan":null is a quotation' }]);
  const both = (await store.decisionCounts()).models.get(MODEL);
  expect(both?.recommendations.pending).toBe(1);
  expect(both?.oldestPendingAtMs).toBeGreaterThan(0);
  await store.close();
});
