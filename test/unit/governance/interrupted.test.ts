import { expect, it } from 'vitest';
import { approvedAction, deciding, hangingExecutor } from '../../fixtures/approved-action.js';
import { MODEL, person } from '../../integration/governance/harness.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();

it('sends nothing again that was being sent when mlfi was killed, while the kill switch is on', async () => {
  const { on, sent } = deciding();
  const { webhook, sending } = hangingExecutor();
  const killed = on(file.store, { ...webhook, repetition: 'idempotent' });
  const { recommendation } = await approvedAction(file.store, killed);
  const { id } = recommendation;
  killed.wake(MODEL);
  await sending;
  await killed.setKillSwitch(true, 'it does harm', person('grace'));

  const restarted = on(file.store, { repetition: 'idempotent' });
  for (let pass = 0; pass < 3; pass += 1) await restarted.dispatch();
  await restarted.idle();
  expect(sent.get(id) ?? 0).toBe(0);
  expect((await restarted.record(id)).recommendation.state).toBe('dispatching');

  await restarted.setKillSwitch(false, 'it was another one', person('grace'));
  await restarted.dispatch();
  await restarted.idle();
  expect(sent.get(id)).toBe(1);
  const record = await restarted.record(id);
  expect(record.recommendation.state).toBe('succeeded');
  expect(record.attempts.filter(({ kind }) => kind === 'sent')).toHaveLength(2);
});
