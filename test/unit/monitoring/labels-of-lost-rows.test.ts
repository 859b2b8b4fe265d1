import { expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { A, rowsOf, Service } from './ended-service.js';
import { labels } from './fleet-on-memory.js';

/**
 * Labels of rows, some of them wrong, in batches.
 * @param between what happens after each @returns what the accuracy detector says then
 */
async function labelledWrong(
  between: (service: Service, batch: number) => Promise<void>,
  wrongShare = 0.5,
): Promise<unknown> {
  const service = await Service.withModel();
  const sent = async (from: number, to: number, share: number): Promise<void> => {
    const random = seededRandom(`labels ${from}`);
    await service.fleet.ingest(A, {
      ...labels([]),
      labels: Array.from({ length: to - from }, (_, i) => ({
        predictionId: `p${from + i}`,
        label: random.next() < share ? 'no' : 'yes',
        atMs: service.nowMs,
      })),
    });
  };
  await service.sent(rowsOf(0, 700));
  await sent(0, 700, 0.08);
  await service.judged();
  expect(service.monitored.baseline?.version).toBe(1);
  await service.sent(rowsOf(700, 1_400));
  await service.judged();
  await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  for (let batch = 0; batch < 35; batch += 1) {
    const from = 700 + 20 * batch;
    await sent(from, from + 20, wrongShare);
    await between(service, batch);
  }
  await service.judged();
  const { verdict, confirmed, signals } = service.monitored.evidence();
  return { verdict, confirmed, accuracy: signals.find(({ subject }) => subject === 'accuracy') };
}

it('bets on labels that waited when it was ended as if it never was', async () => {
  const peace = await labelledWrong(() => Promise.resolve());
  expect(peace).toMatchObject({ verdict: 'alarm', confirmed: ['accuracy'] });
  expect(await labelledWrong((service) => service.killed())).toEqual(peace);
});

it('bets once on labels that had been judged when it was ended, whether or not that was stored', async () => {
  const judging = async (service: Service, batch: number): Promise<void> => {
    if (batch % 2 === 1)
      await service.fleet.inModel(A, (monitored) => void monitored.advance(service.nowMs + 60_000, false));
    // Stored with the next batch.
    if (batch % 4 === 0) await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  };
  const killing = async (service: Service, batch: number): Promise<void> => {
    await judging(service, batch);
    if (batch % 3 === 2) await service.killed();
  };
  // How far evidence has come when it is seen depends on when somebody looks; that it is bet on once is seen before an alarm ends all bets.
  const peace = await labelledWrong(judging, 0.17);
  expect(peace).toMatchObject({ verdict: 'quiet', accuracy: { watch: 'watching' } });
  expect(await labelledWrong(killing, 0.17)).toEqual(peace);
  for (const each of [judging, killing])
    expect(await labelledWrong(each)).toMatchObject({ verdict: 'alarm', confirmed: ['accuracy'] });
});

/**
 * Rows that come with their labels, in batches: of a learnt model, of which more labels are wrong than ever.
 * @param labelled a row with a right or a wrong label @param between what happens after each batch
 * @returns what the e-detector of labels says then
 */
async function wrongInRows(
  labelled: (row: Observation, isWrong: boolean) => Observation,
  wrongShare: number,
  between: (service: Service, batch: number) => Promise<void>,
): Promise<unknown> {
  const service = await Service.withModel();
  const sent = (from: number, to: number, share: number): Promise<void> => {
    const random = seededRandom(`labels ${from}`);
    return service.sent(rowsOf(from, to).map((row) => labelled(row, random.next() < share)));
  };
  await sent(0, 700, 0.08);
  await service.judged();
  expect(service.monitored.baseline?.version).toBe(1);
  await service.stored();
  for (let batch = 0; batch < 20; batch += 1) {
    await sent(700 + 40 * batch, 740 + 40 * batch, wrongShare);
    await between(service, batch);
  }
  await service.judged();
  const { verdict, confirmed, signals } = service.monitored.evidence();
  const ofLabels = signals.find(({ subject }) => subject === 'accuracy' || subject === 'error_size');
  await service.fleet.stop();
  expect(await service.store.labelEvidence.list(A)).toEqual([]);
  return { verdict, confirmed, ofLabels };
}
const CLASSES = (row: Observation, isWrong: boolean): Observation => ({ ...row, label: isWrong ? 'no' : 'yes' });
const QUANTITIES = (row: Observation, isWrong: boolean): Observation => {
  const right = 100 * (row.confidence ?? 0);
  return { ...row, confidence: null, prediction: right, label: right + 0.1 + (isWrong ? 50 : 0) };
};

it.each([
  ['a label', CLASSES, 'accuracy'],
  ['a quantity', QUANTITIES, 'error_size'],
])('finds what %s said that came in a row which was lost, as it would in peace', async (_, labelled, subject) => {
  const peace = await wrongInRows(labelled, 0.6, () => Promise.resolve());
  expect(peace).toMatchObject({ verdict: 'alarm', confirmed: [subject] });
  // The last one before anything is judged: all of it is known by what was stored.
  for (const isLast of [(batch: number) => batch === 19, () => true]) {
    const killed = await wrongInRows(labelled, 0.6, (service, batch) =>
      isLast(batch) ? service.killed() : Promise.resolve(),
    );
    expect(killed).toMatchObject({ verdict: 'alarm', confirmed: [subject] });
  }
});

it('bets once on labels that came in rows, whether those waited, had been judged or that was stored when it was ended', async () => {
  const judging = async (service: Service, batch: number): Promise<void> => {
    if (batch % 2 === 1)
      await service.fleet.inModel(A, (monitored) => void monitored.advance(service.nowMs + 60_000, false));
    // Stored with the next batch.
    if (batch % 4 === 0) await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  };
  const peace = await wrongInRows(CLASSES, 0.14, judging);
  expect(peace).toMatchObject({ verdict: 'quiet', ofLabels: { watch: 'watching' } });
  for (const every of [1, 3, 5]) {
    const killed = await wrongInRows(CLASSES, 0.14, async (service, batch) => {
      await judging(service, batch);
      if (batch % every === every - 1) await service.killed();
    });
    expect(killed).toEqual(peace);
  }
});

it.each(['bet on', 'of another normal'])(
  'keeps what labels said in rows that were lost until that is %s',
  async (end) => {
    const service = await Service.withModel();
    const labelled = (from: number, to: number, isWrong: boolean, confidence?: number): Observation[] =>
      rowsOf(from, to, confidence).map((row, i) => CLASSES(row, isWrong || i % 12 === 0));
    const kept = async (): Promise<number> =>
      (await service.store.labelEvidence.list(A)).reduce((sum, each) => sum + each.labels.length, 0);
    await service.sent(labelled(0, 700, false));
    // Nothing is learnt from rows that were lost.
    expect(await kept()).toBe(0);
    await service.judged();
    await service.stored();
    await service.sent(labelled(700, 2_500, true, 0.4));
    await service.killed();
    // What is found in the rows stops time before their labels are bet on; that much is stored.
    await service.fleet.inModel(A, (monitored) => void monitored.advance((service.nowMs += 1_000), false));
    expect(service.monitored.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['confidence'] });
    await service.stored();
    expect(await kept()).toBeGreaterThanOrEqual(1_800);
    if (end === 'bet on') {
      await service.killed();
      await service.judged();
      expect(service.monitored.evidence().confirmed).toContain('accuracy');
      await service.stored();
    } else await service.fleet.change(A, (draft) => void draft.relearn());
    expect(await kept()).toBe(0);
  },
);
