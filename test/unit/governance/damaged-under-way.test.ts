import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { createIncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import {
  countingExecutor,
  governanceOn,
  model,
  movableClock,
  person,
  policyOf,
  prepared,
  proposal,
  silentLogger,
} from '../../integration/governance/harness.js';
import { evaluated, FIRM_AT_ONCE } from '../incidents/fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-under-way-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ABANDONED_MS = 600_000;
const GIVE_UP_MS = 1_800_000;

it.each(['nothing', 'execution', 'recommendation'] as const)(
  'closes an incident over an action being sent of which %s is damaged, once nobody can settle it',
  async (table) => {
    const file = join(folder, `${table}.sqlite`);
    let store = await openStore({ kind: 'sqlite', file });
    const clock = movableClock(1_000);
    const { executors } = countingExecutor();
    let isSending = (): void => undefined;
    const sending = new Promise<void>((resolve) => (isSending = resolve));
    const started = (execute: typeof executors.webhook.execute): Governance =>
      governanceOn(store, {
        clock,
        ids: randomIds,
        policy: () => policyOf(1, { verification: { giveUpMs: GIVE_UP_MS } }),
        executors: { ...executors, webhook: { ...executors.webhook, execute } },
      });
    const killed = started(() => {
      isSending();
      return new Promise(() => undefined);
    });
    const open = await prepared(store, 'sent');
    const [proposed = expect.fail('nothing was proposed')] = await killed.propose(open, [proposal()]);
    const { id: recommendation, digest } = proposed;
    const ballot = { recommendation, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
    await killed.vote(ballot, person('ada'));
    // It waited to be sent for longer than it is waited for: that counts from when it was sent.
    clock.advance(ABANDONED_MS + GIVE_UP_MS);
    killed.wake(open.modelId);
    await sending;
    await store.close();
    const db = new DatabaseSync(file);
    db.exec('drop trigger recommendation_no_update');
    if (table !== 'nothing')
      db.prepare(
        `update ${table} set document = '{}' where ${table === 'execution' ? 'recommendation' : 'id'} = ?`,
      ).run(recommendation);
    db.close();
    store = await openStore({ kind: 'sqlite', file });
    const governance = started((...order) => executors.webhook.execute(...order));
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
      expect((await governance.record(recommendation)).recommendation.state).toBe('unknown');
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
