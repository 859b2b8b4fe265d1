import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LateLabel, Observation } from '../../../exporter/src/domain/observation.js';
import { EventClock } from '../../../exporter/src/monitoring/event-clock.js';
import { PendingRows } from '../../../exporter/src/monitoring/pending-rows.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { labelledShare } from '../../../exporter/src/statistics/label-counts.js';
import { observation } from '../detection/rows.js';

import { rowsOf, START_MS, Stored } from './stored-model.js';

/** How rows arrive: how late each is, and where batches end. */
interface Arrival {
  readonly seed: number;
  readonly mostDelayMs: number;
  readonly mostRowsPerBatch: number;
}

async function sent(rows: readonly Observation[], { seed, mostDelayMs, mostRowsPerBatch }: Arrival): Promise<unknown> {
  const random = seededRandom(`arrival ${seed}`);
  const arriving = rows
    .map((row) => ({ row, arrivesAtMs: row.atMs + mostDelayMs * random.next() }))
    .sort((a, b) => a.arrivesAtMs - b.arrivesAtMs);
  const stored = new Stored();
  let nowMs = START_MS;
  for (let i = 0; i < arriving.length;) {
    const batch = arriving.slice(i, i + 1 + Math.floor(mostRowsPerBatch * random.next()));
    i += batch.length;
    nowMs = batch.at(-1)?.arrivesAtMs ?? nowMs;
    await stored.commit(
      batch.map(({ row }) => row),
      nowMs,
    );
    if (random.next() < 0.5) stored.monitored.advance(nowMs, false);
  }
  return stored.end(nowMs + 3_600_000);
}

it('learns, judges and counts the same whatever order rows arrive in within the lateness, and in whatever batches', async () => {
  for (const seed of [1]) {
    const rows = rowsOf(seed);
    const inOrder = await sent(rows, { seed, mostDelayMs: 0, mostRowsPerBatch: 0 });
    expect(inOrder).toMatchObject({ calls: 1_000, baseline: { version: 1 }, detectors: { watching: true } });
    expect(inOrder).not.toMatchObject({ detectors: { alarm: null } });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer(),
          mostDelayMs: fc.constantFrom(0, 500, 9_900),
          mostRowsPerBatch: fc.constantFrom(1, 7, 300, 1_000),
        }),
        async (arrival) => {
          expect(await sent(rows, arrival)).toEqual(inOrder);
        },
      ),
      { numRuns: 6 },
    );
  }
}, 90_000);

it('learns and judges the rows of two senders, of which one lags by 14 s, as those of one that does not', async () => {
  const rows = rowsOf(1);
  const inOrder = await sent(rows, { seed: 1, mostDelayMs: 0, mostRowsPerBatch: 0 });
  const arriving = rows
    .map((row, i) => ({
      row,
      sender: i % 3 === 0 ? 'slow' : 'quick',
      comesAtMs: row.atMs + (i % 3 === 0 ? 14_000 : 0),
    }))
    .sort((a, b) => a.comesAtMs - b.comesAtMs);
  const stored = new Stored();
  for (const { row, sender, comesAtMs } of arriving) {
    await stored.commit([row], comesAtMs, [], sender);
    stored.monitored.advance(comesAtMs, false);
  }
  expect(stored.monitored.modelState().intake?.notJudged.late).toBe(0);
  expect(await stored.end(START_MS + 3_600_000)).toEqual(inOrder);
}, 60_000);

it('has every counted row in the store with each write, rows that wait while a baseline is admitted among them', async () => {
  const rows = rowsOf(1).slice(0, 700);
  const stored = new Stored();
  const nowMs = START_MS + 3_600_000;
  await stored.commit(rows, nowMs);
  expect(stored.storedCalls()).toBe(rows.length);
  // Judging stops at the admission, for an evaluation has to see it: the other rows wait.
  expect(stored.monitored.advance(nowMs + 11_000, false)).toBe(1);
  await stored.commit([], nowMs);
  expect(stored.monitored.baseline?.profile.calls).toBeLessThan(rows.length);
  expect(stored.storedCalls()).toBe(rows.length);
  stored.monitored.advance(nowMs + 11_000, false);
  await stored.commit([], nowMs);
  expect(stored.storedCalls()).toBe(rows.length);
});

it('has what rows said to the e-detectors in the store soon after they were judged, without waiting for the next ones', async () => {
  const rows = rowsOf(1);
  const stored = new Stored();
  const judged = async (some: readonly Observation[], nowMs: number): Promise<void> => {
    await stored.commit(some, nowMs);
    do stored.monitored.advance(nowMs + 11_000, false);
    while (stored.monitored.isBehind(nowMs + 11_000));
  };
  await judged(rows.slice(0, 600), START_MS + 3_600_000);
  await stored.commit([], START_MS + 3_611_000);
  await judged(rows.slice(600), START_MS + 3_612_000);
  expect(stored.monitored.toStore).toBe('all');
  await stored.commit([], START_MS + 3_624_000);
  expect(stored.storedDetectors?.watching).toBe(true);
  expect(stored.monitored.toStore).toBe('nothing');
});

it('lets one row that is dated in the future decide nothing', async () => {
  const stored = new Stored();
  const rows = rowsOf(3).slice(0, 600);
  for (const [i, row] of rows.entries()) {
    const ahead = observation({ atMs: row.atMs + 280_000, features: { x: 0.5, side: 'left' }, confidence: 0.7 });
    await stored.commit(i === 20 ? [row, ahead] : [row], row.atMs);
    if (i % 5 === 0) stored.monitored.advance(row.atMs, false);
  }
  const { intake, baseline, rows: judged } = stored.monitored.modelState();
  expect(intake?.notJudged).toEqual({ late: 0, lost: 0, labels: 0 });
  expect(baseline).not.toBeNull();
  const newestMs = rows.at(-1)?.atMs ?? 0;
  expect(judged.at(-1)?.atMs).toBeGreaterThanOrEqual(newestMs - 16_000);
});

it('tells rows that come too late for the evidence, and counts them', async () => {
  const stored = new Stored();
  for (const row of rowsOf(4).slice(0, 600)) {
    await stored.commit([row], row.atMs);
    stored.monitored.advance(row.atMs, false);
  }
  const nowMs = START_MS + 600_000;
  await stored.commit([observation({ atMs: START_MS + 400_000 }), observation({ atMs: START_MS - 7_200_000 })], nowMs);
  expect(stored.monitored.modelState().intake?.notJudged.late).toBe(2);
  expect(await stored.end(nowMs + 60_000)).toMatchObject({ calls: 602 });
});

it('goes on where mlfi’s own clock is set back by an hour and forward again', async () => {
  const stored = new Stored();
  const stepMs = (i: number): number => (i >= 300 && i < 500 ? -3_600_000 : 0);
  for (let i = 0; i < 700; i += 1) {
    const atMs = START_MS + 1_000 * i + stepMs(i);
    await stored.commit([observation({ atMs, features: { x: (i * 7919) % 101 }, confidence: 0.7 })], atMs);
    if (i % 5 === 0) stored.monitored.advance(atMs, false);
  }
  expect(stored.monitored.modelState().intake?.notJudged.late).toBe(0);
  expect(await stored.end(START_MS + 800_000)).toMatchObject({ calls: 700 });
});

it('joins labels of a day later with the baseline and the windows of their answers, and compares windows that had theirs', async () => {
  const stored = new Stored();
  const random = seededRandom('labels');
  const [minutesPerDay, days, rowsPerCommit] = [1_440, 3, 20];
  const rows = Array.from({ length: days * minutesPerDay }, (_, i) =>
    observation({
      atMs: START_MS + 60_000 * i,
      predictionId: `p${i}`,
      features: { x: random.next() },
      prediction: 'yes',
      confidence: 0.5 + 0.5 * random.next(),
    }),
  );
  for (let i = 0; i < rows.length; i += rowsPerCommit) {
    const nowMs = rows[i + rowsPerCommit - 1]?.atMs ?? 0;
    const labels = rows
      .slice(Math.max(0, i - minutesPerDay), Math.max(0, i - minutesPerDay + rowsPerCommit))
      .map(({ predictionId }, n) => ({
        atMs: nowMs,
        predictionId: predictionId ?? '',
        label: n % 4 === 0 ? 'no' : 'yes',
      }));
    await stored.commit(rows.slice(i, i + rowsPerCommit), nowMs, labels);
    stored.monitored.advance(nowMs, false);
  }
  const { baseline } = stored.monitored;
  const learnt = baseline?.profile;
  expect(learnt?.calls).toBeGreaterThanOrEqual(200);
  expect(learnt?.labels).toMatchObject({ labelled: learnt?.calls, correct: Math.floor(0.75 * (learnt?.calls ?? 0)) });
  // The newest calls have no labels yet, and are compared by those of the day before.
  const window = stored.monitored.window();
  expect(window.toMs - window.fromMs).toBeLessThan(6 * 3_600_000);
  expect(labelledShare(window)).toBe(1);
  expect(window.labels.labelled).toBeGreaterThanOrEqual(200);
  const labelled = stored.storedWindows().reduce((sum, [, { labels }]) => sum + labels.labelled, 0);
  expect(labelled + (learnt?.calls ?? 0)).toBe((days - 1) * minutesPerDay);
});

it.each(['in the row', 'later'])(
  'counts the label of a row that came late, dated in the learning period, with that row and not with the baseline: %s',
  async (how) => {
    const stored = new Stored();
    const of = (prefix: string, i: number, atMs: number, label: 'yes' | null) =>
      observation({ atMs, predictionId: `${prefix}${i}`, features: { x: (i * 37) % 100 }, prediction: 'yes', label });
    let nowMs = START_MS;
    for (let i = 0; i < 1_000; i += 200) {
      nowMs = START_MS + 1_000 * (i + 200) + 20_000;
      const rows = Array.from({ length: 200 }, (_, k) => of('p', i + k, START_MS + 1_000 * (i + k), 'yes'));
      await stored.commit(rows, nowMs);
      stored.monitored.advance(nowMs, false);
    }
    const learnt = stored.monitored.baseline?.profile.labels;
    expect(learnt?.labelled).toBe(stored.monitored.baseline?.profile.calls);
    nowMs += 60_000;
    const late = Array.from({ length: 100 }, (_, i) => of('late', i, START_MS + 500 * i, null));
    const wrong = late.map(({ predictionId }) => ({ atMs: nowMs, predictionId: predictionId ?? '', label: 'no' }));
    await stored.commit(how === 'later' ? late : late.map((row) => ({ ...row, label: 'no' })), nowMs);
    if (how === 'later') await stored.commit([], nowMs + 1_000, wrong);
    await stored.end(nowMs + 60_000);
    expect(stored.monitored.baseline?.profile.labels).toEqual(learnt);
    expect(stored.storedWindows().reduce((sum, [, { labels }]) => sum + labels.labelled - labels.correct, 0)).toBe(100);
  },
);

it('begins to watch accuracy with labels of the baseline that come after it, and is not moved by more of them', async () => {
  const stored = new Stored();
  const rowsPerBatch = 200;
  const rows = Array.from({ length: 3_000 }, (_, i) =>
    observation({
      atMs: START_MS + 1_000 * i,
      predictionId: `p${i}`,
      features: { x: (i * 37) % 100 },
      prediction: 'yes',
    }),
  );
  let nowMs = START_MS;
  for (let i = 0; i < rows.length; i += rowsPerBatch) {
    nowMs = START_MS + 1_000 * (i + rowsPerBatch) + 20_000;
    await stored.commit(rows.slice(i, i + rowsPerBatch), nowMs);
    stored.monitored.advance(nowMs, false);
  }
  const learntUntilMs = stored.monitored.baseline?.profile.toMs ?? -Infinity;
  const ofBaseline = rows.filter(({ atMs }) => atMs <= learntUntilMs);
  const label = async (some: readonly Observation[], isWrong: (i: number) => boolean): Promise<void> => {
    nowMs += 60_000;
    const labels = some.map(({ predictionId }, i) => {
      if (predictionId === null) throw new Error('without an id');
      return { atMs: nowMs, predictionId, label: isWrong(i) ? 'no' : 'yes' };
    });
    await stored.commit([], nowMs, labels);
    do stored.monitored.advance(nowMs, false);
    while (stored.monitored.isBehind(nowMs));
    stored.monitored.saveDetectorsSoon();
    await stored.commit([], nowMs);
  };
  const bound = (): number | null => {
    const [, accuracy] = stored.storedDetectors?.signals.find(([subject]) => subject === 'accuracy') ?? [];
    const [stream] = accuracy?.streams ?? [];
    return stream?.detector?.kind === 'risk' ? stream.detector.bound : null;
  };
  const half = Math.floor(ofBaseline.length / 2);
  expect(bound()).toBeNull();
  await label(ofBaseline.slice(0, half), (i) => i % 10 === 0);
  const fixed = bound();
  expect(stored.monitored.baseline?.profile.labels).toMatchObject({ labelled: half });
  await label(ofBaseline.slice(half), (i) => i % 2 === 0);
  expect(stored.monitored.baseline?.profile.labels).toMatchObject({ labelled: ofBaseline.length });
  expect(fixed).toBeGreaterThan(0.1);
  expect(bound()).toBe(fixed);
});

/** A baseline learnt from rows that all come at once with their labels behind them, and what the windows after it hold. */
async function learntAtOnce(
  answer: (i: number) => Pick<Observation, 'prediction' | 'confidence'>,
  labelOf: (i: number) => LateLabel['label'],
  isInRow: boolean,
): Promise<Stored> {
  const stored = new Stored();
  const rows = Array.from({ length: 1_000 }, (_, i) =>
    observation({ atMs: START_MS + 10_000 * i, predictionId: `p${i}`, features: { x: i % 7 }, ...answer(i) }),
  );
  const nowMs = START_MS + 10_000 * rows.length;
  await stored.commit(
    rows.map((row, i) => (isInRow ? { ...row, label: labelOf(i) } : row)),
    nowMs,
  );
  const labels = isInRow ? [] : rows.map((_, i) => ({ atMs: nowMs, predictionId: `p${i}`, label: labelOf(i) }));
  await stored.commit([], nowMs, labels);
  await stored.end(nowMs + 60_000);
  return stored;
}

it.each([
  ['classes', { prediction: 'yes', confidence: 0.9 }, 'no'],
  ['quantities', { prediction: 1, confidence: null }, 1.5],
] as const)(
  'counts labels of %s that come before their answers are learnt from with those answers, and with no others',
  async (_, { prediction, confidence }, label) => {
    const answer = (i: number): Pick<Observation, 'prediction' | 'confidence'> => ({
      prediction: prediction === 'yes' ? 'yes' : 50 + ((i * 37) % 100),
      confidence,
    });
    const labelOf = (i: number): LateLabel['label'] => (label === 'no' ? 'no' : 50 + ((i * 37) % 100) + label);
    const after = await learntAtOnce(answer, labelOf, false);
    const within = await learntAtOnce(answer, labelOf, true);
    const [later, atOnce] = [after.monitored.baseline?.profile, within.monitored.baseline?.profile];
    expect(atOnce?.calls).toBeLessThan(1_000);
    expect(later?.calls).toBe(atOnce?.calls);
    expect(later?.labels).toEqual(atOnce?.labels);
    const labelsIn = (stored: Stored): unknown =>
      stored.storedWindows().map(([atMs, { labels, calls }]) => [atMs, calls, labels]);
    expect(labelsIn(after)).toEqual(labelsIn(within));
  },
);

it('reads rows that wait once, by what was sent: numbers as text stay numbers however many batches come meanwhile', async () => {
  const stored = new Stored();
  const count = 1_000;
  for (let i = 0; i < count; i += 1) {
    const atMs = START_MS + 1_000 * i;
    const features = { age: String(18 + ((i * 37) % 60)), x: i % 7 };
    await stored.commit([observation({ atMs, features, confidence: 0.9 })], atMs);
    if (i % 3 === 0) stored.monitored.advance(atMs, false);
  }
  await stored.end(START_MS + 1_000 * count + 60_000);
  const { baseline } = stored.monitored;
  const counted = [baseline?.profile, stored.monitored.window(), ...stored.storedWindows().map(([, window]) => window)];
  expect(baseline).not.toBeNull();
  for (const profile of counted)
    if (profile !== undefined && profile.calls > 0)
      expect(profile.signals.get('feature:age')).toMatchObject({ kind: 'numeric', invalid: 0 });
});

it('judges labels that come before any row, as after a restart, at their own time, and keeps nothing older from being judged', () => {
  const pending = new PendingRows(new EventClock(), 'salt');
  const nowMs = START_MS + 86_400_000;
  const label = { kind: 'class', correct: false } as const;
  pending.addLabel({ label, atMs: nowMs - 60_000, predictedAtMs: START_MS }, nowMs);
  expect([...pending.steps(nowMs, Infinity)].map((step) => [step.kind, step.kind === 'tick' && step.atMs])).toEqual([
    ['label', false],
    ['tick', nowMs - 60_000],
  ]);
  const row = observation({ atMs: START_MS, features: { x: 0.5 }, confidence: 0.7 });
  expect(pending.add([{ row, judged: null }], false, nowMs)).toEqual([]);
});

it('counts labels of rows that came before another normal was learnt in no baseline of it, and takes no row from a window', async () => {
  const stored = new Stored();
  const half = Array.from({ length: 1_200 }, (_, i) => i);
  const rowsOfSender = (sender: string): Observation[] =>
    half.map((i) =>
      observation({
        atMs: START_MS + 1_000 * i,
        predictionId: `${sender}${i}`,
        features: { x: (i * 37) % 100 },
        prediction: 'yes',
      }),
    );
  let nowMs = START_MS + 3_600_000;
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn += 1) {
      nowMs += 20_000;
      do stored.monitored.advance(nowMs, false);
      while (stored.monitored.isBehind(nowMs));
      await stored.commit([], nowMs);
    }
  };
  await stored.commit(rowsOfSender('before'), nowMs);
  await settled();
  expect(stored.monitored.baseline?.version).toBe(1);
  nowMs += 1_000;
  const draft = stored.monitored.draft();
  draft.relearn();
  stored.monitored.become(draft, draft.records(nowMs), nowMs);
  nowMs += 1_000;
  const callsBefore = stored.storedCalls() - (stored.baselineCalls ?? 0);
  await stored.commit(rowsOfSender('after'), nowMs, [], 'another');
  await settled();
  expect(stored.monitored.baseline?.version).toBe(2);
  const calls = stored.storedCalls();
  expect(calls).toBe(callsBefore + half.length);
  const labels = rowsOfSender('before').map(({ predictionId }) => ({
    atMs: nowMs,
    predictionId: predictionId ?? '',
    label: 'no',
  }));
  await stored.commit([], nowMs, labels);
  await settled();
  expect(stored.storedCalls()).toBe(calls);
  expect(stored.monitored.baseline?.profile.labels).toMatchObject({ labelled: 0 });
  for (const [, { calls: answered, labels: counted }] of stored.storedWindows())
    expect(counted.labelled).toBeLessThanOrEqual(answered);
});
