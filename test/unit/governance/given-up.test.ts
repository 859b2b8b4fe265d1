import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Proposal } from '../../../exporter/src/domain/recommendation.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import {
  countingExecutor,
  governanceOn,
  MODEL,
  movableClock,
  person,
  policyOf,
  prepared,
  proposal,
} from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-given-up-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAID = 'Whether "Retrain fraud" helped is not known: its incident was over before it was known';

/** What became of an approved proposal once its incident is over, where the statement was run on the store meanwhile. */
async function sweptAfter(name: string, over: Partial<Proposal>, damage: string) {
  const file = join(folder, `${name}.sqlite`);
  let store = await openStore({ kind: 'sqlite', file });
  const errors: string[] = [];
  const quiet = (): void => undefined;
  const clock = movableClock(1_000);
  const governed = () =>
    governanceOn(store, {
      clock,
      ids: randomIds,
      policy: () => policyOf(1),
      logger: { debug: quiet, info: quiet, warn: quiet, error: (_, message) => errors.push(message ?? '') },
      executors: countingExecutor().executors,
    });
  const before = governed();
  const open = await prepared(store, name);
  const [proposed = expect.fail('nothing was proposed')] = await before.propose(open, [{ ...proposal(), ...over }]);
  const { id: recommendation, digest } = proposed;
  const ballot = { recommendation, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
  await before.vote(ballot, person('ada'));
  await before.dispatch();
  await store.incidents.save({ ...open, closedAtMs: 2_000 });
  await store.close();
  const db = new DatabaseSync(file);
  db.exec(damage);
  db.close();
  store = await openStore({ kind: 'sqlite', file });
  const governance = governed();
  for (let sweep = 0; sweep < 3; sweep += 1) {
    clock.advance(60_000);
    await governance.sweep();
    await governance.idle();
  }
  const state = (await store.governance((transaction) => transaction.recommendation(recommendation)))?.state;
  const top = (await store.decisionCounts()).models.get(MODEL)?.top ?? null;
  await store.close();
  const after = new DatabaseSync(file);
  const said = after.prepare("select text from incident_timeline where kind = 'verification'").all();
  after.close();
  return { state, top, errors, said: said.map(({ text }) => text) };
}

it.each<[string, Partial<Proposal>, string, object]>([
  ['closed', {}, '', { state: 'inconclusive', said: [SAID] }],
  ['gone', {}, 'delete from incident', { state: 'inconclusive', said: [] }],
  ['execution-damaged', {}, "update execution set document = '{}'", { state: 'inconclusive', said: [SAID] }],
  ['advice-of-one-gone', { plan: null }, 'delete from incident', { state: 'withdrawn', said: [] }],
])('gives up what nobody watches any more, and says so on the timeline: %s', async (name, over, damage, expected) => {
  expect(await sweptAfter(name, over, damage)).toEqual({ ...expected, top: null, errors: [] });
});

it('says once of an action that it cannot be given up', async () => {
  const refuse =
    "create trigger refused before insert on verification begin select raise(abort, 'the verification is refused'); end";
  const swept = await sweptAfter('refused', {}, refuse);
  expect(swept).toMatchObject({ state: 'succeeded', errors: ['an action cannot be given up'], said: [] });
});
