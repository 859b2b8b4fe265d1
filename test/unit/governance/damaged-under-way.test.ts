import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { createIncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { model, policyOf, silentLogger } from '../../integration/governance/harness.js';
import {
  approvedAction,
  damageDecision,
  deciding,
  hangingExecutor,
  StoreInFile,
} from '../../fixtures/approved-action.js';
import { evaluated, FIRM_AT_ONCE } from '../incidents/fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-under-way-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ABANDONED_MS = 600_000;
const GIVE_UP_MS = 1_800_000;
const PATIENT = { policy: () => policyOf(1, { verification: { giveUpMs: GIVE_UP_MS } }) };

it.each(['nothing', 'execution', 'recommendation'] as const)(
  'closes an incident over an action being sent of which %s is damaged, once nobody can settle it',
  async (table) => {
    const file = await StoreInFile.open(join(folder, `${table}.sqlite`));
    const { clock, on } = deciding();
    const { webhook, sending } = hangingExecutor();
    const killed = on(file.store, webhook, PATIENT);
    const { open, recommendation } = await approvedAction(file.store, killed);
    // It waited to be sent for longer than it is waited for: that counts from when it was sent.
    clock.advance(ABANDONED_MS + GIVE_UP_MS);
    killed.wake(open.modelId);
    await sending;
    await file.meanwhile((db) => {
      if (table !== 'nothing') damageDecision(db, table, recommendation);
    });
    const { store } = file;
    const governance = on(store, {}, PATIENT);
    const incidents = createIncidentManager(
      {
        incidents: store.incidents,
        alerts: store.alerts,
        governance,
        events: { publish: () => undefined },
        clock,
        ids: randomIds,
        logger: silentLogger,
        remember,
        refusal: { isRefused: () => false, giveUpMs: () => GIVE_UP_MS },
      },
      FIRM_AT_ONCE,
    );
    await incidents.restore(open.modelId);
    const evaluatedThrice = async (): Promise<boolean> => {
      for (let evaluation = 0; evaluation < 3; evaluation += 1) {
        await incidents.apply(model(), evaluated('none', null));
        await governance.sweep();
        await governance.idle();
      }
      return incidents.current(open.modelId) === null;
    };
    clock.advance(ABANDONED_MS + GIVE_UP_MS);
    if (table === 'nothing') {
      await governance.sweep();
      await governance.idle();
      expect((await governance.record(recommendation.id)).recommendation.state).toBe('unknown');
      expect(await evaluatedThrice()).toBe(true);
    } else {
      expect(await evaluatedThrice()).toBe(false);
      clock.advance(1);
      expect(await evaluatedThrice()).toBe(true);
      expect((await store.incidents.get(open.id))?.closedAtMs).toBe(clock.now());
    }
    await store.close();
  },
);
