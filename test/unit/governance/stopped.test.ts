import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Executors } from '../../../exporter/src/governance/executors/index.js';
import { approvedAction, deciding, hangingExecutor } from '../../fixtures/approved-action.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();

it('waits for no executor that does not answer, and says of its action that it is not known', async () => {
  const { on, sent } = deciding();
  const { webhook, sending } = hangingExecutor();
  const governance = on(file.store, webhook);
  const { open, recommendation } = await approvedAction(file.store, governance, { modelId: modelId('hanging') });
  governance.wake(open.modelId);
  await sending;
  await governance.stop();
  const said = 'sent, but mlfi stopped before its answer came; whether it acted is not known';
  const { recommendation: stopped, execution } = await governance.record(recommendation.id);
  expect([stopped.state, execution?.state, execution?.detail]).toEqual(['unknown', 'unknown', said]);
  expect((await file.store.incidents.get(open.id))?.timeline.at(-1)?.text).toBe(`"Retrain fraud": unknown. ${said}`);
  // People say what became of it: the next start sends nothing again.
  const restarted = on(file.store, { repetition: 'idempotent' });
  await restarted.sweep();
  await restarted.idle();
  expect(sent.has(recommendation.id)).toBe(false);
});

it('waits for no server that is asked what became of an action; the next start asks again', async () => {
  const { on } = deciding();
  let isAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const unknown = () => Promise.resolve({ kind: 'unknown', detail: 'no answer in time' } as const);
  const lookup = () => {
    isAsked();
    return new Promise<never>(() => undefined);
  };
  const governance = on(file.store, { repetition: 'lookup', execute: unknown, lookup });
  const { recommendation } = await approvedAction(file.store, governance, { modelId: modelId('looked-up') });
  await governance.dispatch();
  await governance.sweep();
  await asked;
  await governance.stop();
  const found = () => Promise.resolve({ kind: 'succeeded', detail: 'it is there' } as const);
  const restarted = on(file.store, { repetition: 'lookup', lookup: found });
  await restarted.sweep();
  await restarted.idle();
  expect((await restarted.record(recommendation.id)).recommendation.state).toBe('succeeded');
});

it('leaves to the next start what was half sent, where the server that is asked about it does not answer', async () => {
  const { on } = deciding();
  const { webhook, sending } = hangingExecutor();
  const killed = on(file.store, webhook);
  const { open, recommendation } = await approvedAction(file.store, killed, { modelId: modelId('half-sent') });
  killed.wake(open.modelId);
  await sending;
  let isAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const hanging = () => {
    isAsked();
    return new Promise<never>(() => undefined);
  };
  const stopped = on(file.store, { repetition: 'lookup', lookup: hanging });
  stopped.wake(open.modelId);
  await asked;
  await stopped.stop();
  expect((await stopped.record(recommendation.id)).recommendation.state).toBe('dispatching');
  const found = () => Promise.resolve({ kind: 'succeeded', detail: 'it is there' } as const);
  const restarted = on(file.store, { repetition: 'lookup', lookup: found });
  await restarted.dispatch();
  await restarted.idle();
  expect((await restarted.record(recommendation.id)).recommendation.state).toBe('succeeded');
});

it('says of what is claimed when a stop has waited long enough that it was not sent', async () => {
  const { on, sent } = deciding();
  const stopping: Promise<void>[] = [];
  const governance = on(
    file.store,
    {},
    {
      failPoint: (point) => {
        if (point === 'before-claim-commit') stopping.push(governance.stop());
      },
    },
  );
  const { recommendation } = await approvedAction(file.store, governance, { modelId: modelId('claimed-late') });
  await governance.dispatch();
  await Promise.all(stopping);
  expect(stopping).toHaveLength(1);
  expect(sent.has(recommendation.id)).toBe(false);
  const { execution } = await governance.record(recommendation.id);
  expect([execution?.state, execution?.detail]).toEqual(['failed', 'not sent: mlfi stopped']);
});

it('keeps the answer that comes while it is waited for', async () => {
  const { on, clock } = deciding();
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let isSending = (): void => undefined;
  const sending = new Promise<void>((resolve) => (isSending = resolve));
  const execute: Executors['webhook']['execute'] = async () => {
    isSending();
    await answered;
    return { kind: 'succeeded', detail: 'done' };
  };
  // Time that does not pass: the answer is there before the patience is over.
  const patient = { ...clock, sleep: () => new Promise<void>(() => undefined) };
  const governance = on(file.store, { execute }, { clock: patient });
  const { open, recommendation } = await approvedAction(file.store, governance, { modelId: modelId('answered-late') });
  governance.wake(open.modelId);
  await sending;
  const stopped = governance.stop();
  answer();
  await stopped;
  expect((await governance.record(recommendation.id)).execution).toMatchObject({ state: 'succeeded', detail: 'done' });
});
