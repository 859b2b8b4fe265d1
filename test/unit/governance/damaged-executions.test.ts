import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import {
  approvedAction,
  damageDecision,
  deciding,
  hangingExecutor,
  lostAnswer,
  StoreInFile,
} from '../../fixtures/approved-action.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-executions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DAMAGED = modelId('damaged');
const SOUND = modelId('sound');
const stateOf = async (on: Governance, { id }: Recommendation): Promise<string> =>
  (await on.record(id)).recommendation.state;

it.each(['dispatching', 'unknown'] as const)(
  'carries out the actions of other models though an execution that is %s is damaged, which fails for its own model',
  async (state) => {
    const file = await StoreInFile.open(join(folder, `${state}.sqlite`));
    const { on, sent } = deciding();
    const { webhook, sending } = hangingExecutor();
    const killed = on(file.store, { repetition: 'lookup', ...(state === 'unknown' ? lostAnswer : webhook) });
    const { recommendation: damaged } = await approvedAction(file.store, killed, { modelId: DAMAGED });
    killed.wake(DAMAGED);
    await (state === 'unknown' ? killed.idle() : sending);
    expect(await stateOf(killed, damaged)).toBe(state);
    await file.meanwhile((db) => damageDecision(db, 'execution', damaged));
    const restarted = on(file.store, { repetition: 'lookup' });
    const { recommendation: sound } = await approvedAction(file.store, restarted, { modelId: SOUND });
    await restarted.dispatch();
    await restarted.sweep();
    await restarted.idle();
    expect([await stateOf(restarted, sound), sent.get(sound.id)]).toEqual(['succeeded', 1]);
    expect(sent.has(damaged.id)).toBe(false);
    const states = await file.store.governance(async (transaction) => ({
      damaged: (await transaction.recommendation(damaged.id))?.state,
      all: (await transaction.executions({ state })).length,
      own: await transaction.executions({ state, model: DAMAGED }).catch((error: unknown) => String(error)),
    }));
    expect(states).toMatchObject({ damaged: state, all: 0 });
    expect(states.own).toContain('damaged');
    await file.store.close();
  },
);

it('asks what became of an execution though the recommendation of one before it is damaged', async () => {
  const file = await StoreInFile.open(join(folder, 'looked-up.sqlite'));
  const { on } = deciding();
  const before = on(file.store, { repetition: 'lookup', ...lostAnswer });
  const [damaged, sound] = [
    (await approvedAction(file.store, before, { modelId: DAMAGED })).recommendation,
    (await approvedAction(file.store, before, { modelId: SOUND })).recommendation,
  ];
  await before.dispatch();
  await before.idle();
  await file.meanwhile((db) => damageDecision(db, 'recommendation', damaged));
  const asked: string[] = [];
  const governance = on(file.store, {
    repetition: 'lookup',
    lookup({ recommendationId }) {
      asked.push(recommendationId);
      return Promise.resolve({ kind: 'succeeded', detail: 'it is there' });
    },
  });
  await governance.sweep();
  await governance.idle();
  expect(asked).toEqual([sound.id]);
  expect(await stateOf(governance, sound)).toBe('succeeded');
  await file.store.close();
});
