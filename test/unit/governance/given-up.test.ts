import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Proposal } from '../../../exporter/src/domain/recommendation.js';
import { approvedAction, deciding, StoreInFile } from '../../fixtures/approved-action.js';
import { MODEL } from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-given-up-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAID = 'Whether "Retrain fraud" helped is not known: its incident was over before it was known';

/** What became of an approved proposal once its incident is over, where the statement was run on the store meanwhile. */
async function sweptAfter(name: string, proposed: Partial<Proposal>, damage: string) {
  const file = await StoreInFile.open(join(folder, `${name}.sqlite`));
  const { clock, on, errors } = deciding();
  const before = on(file.store);
  const { open, recommendation } = await approvedAction(file.store, before, { name, proposed });
  await before.dispatch();
  await file.store.incidents.save({ ...open, closedAtMs: 2_000 });
  await file.meanwhile((db) => db.exec(damage));
  const governance = on(file.store);
  for (let sweep = 0; sweep < 3; sweep += 1) {
    clock.advance(60_000);
    await governance.sweep();
    await governance.idle();
  }
  const { store } = file;
  const state = (await store.governance((transaction) => transaction.recommendation(recommendation.id)))?.state;
  const top = (await store.decisionCounts()).models.get(MODEL)?.top ?? null;
  const said = await file.closed((db) =>
    db.prepare("select text from incident_timeline where kind = 'verification'").all(),
  );
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
