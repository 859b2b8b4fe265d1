import { expect, it } from 'vitest';
import { incidentId } from '../../../exporter/src/domain/identifiers.js';
import { LessonsInUse } from '../../../exporter/src/monitoring/lessons-in-use.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { storeOfTheFile } from '../governance/scheduled-store.js';
import { modelNamed } from './fleet-on-memory.js';

const file = storeOfTheFile();
const { id: MODEL } = modelNamed('a');

it('keeps what the reading that began last has found, though an earlier one ends after it', async () => {
  const { alertFeedback } = file.store;
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  let readings = 0;
  let hasRead = (): void => undefined;
  const read = new Promise<void>((resolve) => (hasRead = resolve));
  const list: typeof alertFeedback.list = async (filter) => {
    const isFirst = (readings += 1) === 1;
    const found = await alertFeedback.list(filter);
    if (isFirst) {
      hasRead();
      await held;
    }
    return found;
  };
  let told = 0;
  const store = { ...file.store, alertFeedback: { ...alertFeedback, list } };
  const lessons = new LessonsInUse(
    store,
    systemClock,
    () => 10,
    () => (told += 1),
  );
  const early = lessons.recall();
  await read;
  await alertFeedback.save({
    incidentId: incidentId('page'),
    modelId: MODEL,
    by: { subject: 'ann', name: 'Ann' },
    useful: false,
    reason: 'nothing was wrong',
    atMs: systemClock.now(),
    onEvidence: true,
  });
  await lessons.recall();
  letGo();
  await early;
  expect(lessons.thresholdFactorOf(MODEL)).toBe(2);
  expect(told).toBe(1);
});
