import { expect, it } from 'vitest';
import type { Finding } from '../../../exporter/src/domain/finding.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { approvedAction, deciding } from '../../fixtures/approved-action.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();
const HOURS_MS = 3_600_000;

it.each([
  ['recovered', [], 'helped: accuracy-drop stayed clear for 2 s; counted from when the clock was set back'],
  [
    'not_recovered',
    [{ detector: 'accuracy-drop' } as Finding],
    'did not help: accuracy-drop still found 10 s after the action; counted from when the clock was set back',
  ],
] as const)(
  'judges an action that was over before the clock was set back, and no earlier than it was over: %s',
  async (outcome, findings, said) => {
    const { clock, on } = deciding();
    clock.advance(2 * HOURS_MS);
    const governance = on(file.store);
    const { open, recommendation } = await approvedAction(file.store, governance, {
      modelId: modelId(outcome.replace('_', '-')),
    });
    await governance.dispatch();
    const { execution } = await governance.record(recommendation.id);
    const finishedAtMs = execution?.finishedAtMs ?? expect.fail('it is not over');
    clock.advance(-2 * HOURS_MS);
    let evaluations = 0;
    while ((await governance.record(recommendation.id)).recommendation.state === 'succeeded') {
      expect((evaluations += 1)).toBeLessThan(20);
      const seenSince = (atMs: number) => ({ rows: atMs < finishedAtMs ? 100 : 0, abnormal: [] });
      await governance.verify(open, { findings, blind: new Set(), seenSince }, clock.now());
      clock.advance(1_000);
    }
    const { verification } = await governance.record(recommendation.id);
    expect(verification).toMatchObject({ outcome, atMs: finishedAtMs });
    const lines = (await file.store.incidents.get(open.id))?.timeline ?? [];
    expect(lines.findLast(({ kind }) => kind === 'verification')).toMatchObject({
      atMs: finishedAtMs,
      text: `"Retrain fraud" ${said}`,
    });
  },
);

it('has nothing over before it began, though the clock is set back while it is sent', async () => {
  const { clock, on, executors } = deciding();
  clock.advance(2 * HOURS_MS);
  const governance = on(file.store, {
    execute(...order) {
      clock.advance(-2 * HOURS_MS);
      return executors.webhook.execute(...order);
    },
  });
  const { recommendation } = await approvedAction(file.store, governance, { modelId: modelId('while-sent') });
  await governance.dispatch();
  const { execution } = await governance.record(recommendation.id);
  expect(execution).toMatchObject({ state: 'succeeded', startedAtMs: 2 * HOURS_MS + 1_000 });
  expect(execution?.finishedAtMs).toBe(execution?.startedAtMs);
});

it('gives up an action no earlier than it was over', async () => {
  const { clock, on } = deciding();
  clock.advance(2 * HOURS_MS);
  const governance = on(file.store);
  const { open, recommendation } = await approvedAction(file.store, governance, { modelId: modelId('given-up') });
  await governance.dispatch();
  clock.advance(-2 * HOURS_MS);
  await file.store.incidents.save({ ...open, closedAtMs: 2 * HOURS_MS + 1_000 });
  await governance.sweep();
  await governance.idle();
  const { execution, verification } = await governance.record(recommendation.id);
  expect(verification).toMatchObject({ outcome: 'inconclusive', atMs: execution?.finishedAtMs });
});
