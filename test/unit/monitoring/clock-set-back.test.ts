import { describe, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IngestBatch } from '../../../exporter/src/domain/ingest.js';
import type { LateLabel, Observation } from '../../../exporter/src/domain/observation.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { intakeBlindSpots } from '../../../exporter/src/detection/unwatched-features.js';
import { NO_CALLS } from '../../../exporter/src/monitoring/call-counters.js';
import { withoutFuture } from '../../../exporter/src/monitoring/clock-set-back.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { countedWhileLearnt } from '../../integration/counted-while-learnt.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const START_MS = 1_767_571_200_000;
const DAY_MS = 86_400_000;
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A service whose clock is set by hand; rows have no time of their own, so that they get the clock's. */
class Service {
  nowMs = START_MS;
  /** While it is set, the store hangs until it resolves; `reached` is called when it does. */
  held: Promise<void> | null = null;
  reached = (): void => undefined;
  readonly store = new MemoryStore(async () => {
    await AT_ONCE();
    if (this.held !== null) this.reached();
    await this.held;
  });
  private rows = 0;
  fleet: ReplayFleet = this.begun();

  private begun(): ReplayFleet {
    return fleetOn(this.store, AT_ONCE, { clock: { now: () => (this.nowMs += 1), sleep: () => AT_ONCE() } });
  }

  static async withBaseline(): Promise<Service> {
    const service = new Service();
    await service.fleet.add(modelNamed('a'));
    for (let i = 0; i < 14; i += 1) await service.sent(50);
    expect(service.monitored.baseline?.version).toBe(1);
    return service;
  }

  /** Stopped by the clock it has, started with this one. */
  async restarted(nowMs: number, isKilled = false): Promise<void> {
    if (!isKilled) await this.fleet.stop();
    this.nowMs = nowMs;
    this.fleet = this.begun();
    const { models } = await this.store.models.list();
    for (const model of models) await this.fleet.add(model);
  }

  /** Rows of one minute. @returns them */
  async sent(count: number, shift = 0, isJudged = true): Promise<Observation[]> {
    const random = seededRandom(`rows ${this.rows}`);
    this.nowMs += 60_000;
    const observations = Array.from({ length: count }, (_, i) =>
      observation({
        predictionId: `p${this.rows + i}`,
        atMs: this.nowMs - 1_000 * (count - i),
        features: { x: random.next() + shift },
        confidence: 0.7 + 0.2 * random.next(),
      }),
    );
    this.rows += count;
    await this.fleet.ingest(A, answers([], { observations }));
    if (isJudged) await this.fleet.catchUp(A);
    return observations;
  }

  /** One row that comes late, judged like any other. */
  async sentLate(atMs: number): Promise<void> {
    const row = observation({ predictionId: `late ${atMs}`, atMs, features: { x: 0.5 }, confidence: 0.8 });
    await this.fleet.ingest(A, answers([], { observations: [row] }));
    await this.fleet.catchUp(A);
  }

  async labelled(rows: readonly Observation[]): Promise<number> {
    const labels = rows.map(({ predictionId }): LateLabel => ({
      predictionId: predictionId ?? '',
      label: 'yes',
      atMs: this.nowMs,
    }));
    return (await this.fleet.ingest(A, answers([], { observations: [], labels }))).labelsMatched;
  }

  get monitored(): ReturnType<ReplayFleet['monitoredModel']> {
    return this.fleet.monitoredModel(A);
  }

  /** Calls and labels in all that is stored. */
  stored(): { readonly calls: number; readonly labelled: number } {
    const { baselines, windows } = this.store.committed;
    const profiles = [
      ...[...baselines.values()].map(countedWhileLearnt),
      ...[...windows.values()].flatMap((ofModel) => [...ofModel.values()]),
    ];
    return {
      calls: profiles.reduce((sum, { calls }) => sum + calls, 0),
      labelled: profiles.reduce((sum, { labels }) => sum + labels.labelled, 0),
    };
  }

  get blindSpots(): readonly string[] {
    return intakeBlindSpots(this.monitored.modelState().intake).map(({ check }) => check);
  }
}

describe.each([
  ['an hour', DAY_MS / 24],
  ['a day', DAY_MS],
  ['400 days', 400 * DAY_MS],
])('a clock that was ahead by %s', (_, jumpMs) => {
  it.each(['while running', 'over a restart', 'over a restart before the rows were judged'] as const)(
    'hides nothing of what comes once it is right again, set back %s',
    async (how) => {
      const service = await Service.withBaseline();
      await service.sent(50);
      const rightMs = service.nowMs;
      service.nowMs += jumpMs;
      const jumped = await service.sent(300, 0, how !== 'over a restart before the rows were judged');
      if (how === 'while running') service.nowMs = rightMs + 120_000;
      else await service.restarted(rightMs + 120_000);
      expect(await service.labelled(jumped)).toBe(300);
      for (let i = 0; i < 10; i += 1) await service.sent(100, 3);
      const { window, evidence } = service.monitored.modelState();
      expect(evidence?.verdict).toBe('alarm');
      expect(evidence?.confirmed).toContain('feature:x');
      expect(window.toMs).toBeLessThanOrEqual(service.nowMs);
      expect(window.calls).toBeGreaterThanOrEqual(900);
      expect(service.monitored.counters.lastPredictionAtMs).toBeLessThanOrEqual(service.nowMs);
      expect(service.blindSpots).toContainEqual(expect.stringContaining('rows that were dated as late as'));
      expect(service.stored()).toEqual({ calls: 700 + 50 + 300 + 1_000, labelled: 300 });
      // The time that the wrong clock had shown comes, and its windows are not written over.
      service.nowMs = rightMs + jumpMs + 10_000;
      for (let i = 0; i < 10; i += 1) await service.sent(100);
      await service.restarted(service.nowMs);
      await service.sent(100);
      expect(service.stored()).toEqual({ calls: 700 + 50 + 300 + 1_000 + 1_100, labelled: 300 });
      expect(service.monitored.modelState().window.toMs).toBeGreaterThan(rightMs + jumpMs);
      expect(service.blindSpots).not.toContainEqual(expect.stringContaining('rows that were dated as late as'));
    },
  );
});

it('compares with a baseline that was admitted while the clock was ahead', async () => {
  for (const isRestarted of [false, true]) {
    const service = new Service();
    await service.fleet.add(modelNamed('a'));
    service.nowMs += DAY_MS;
    for (let i = 0; i < 14; i += 1) await service.sent(50);
    expect(service.monitored.baseline?.version).toBe(1);
    if (isRestarted) await service.restarted(START_MS + 3_600_000);
    else service.nowMs = START_MS + 3_600_000;
    for (let i = 0; i < 5; i += 1) await service.sent(100, 3);
    await service.restarted(service.nowMs);
    for (let i = 0; i < 5; i += 1) await service.sent(100, 3);
    const { window, evidence } = service.monitored.modelState();
    expect(evidence?.verdict).toBe('alarm');
    expect(window.calls).toBeGreaterThanOrEqual(400);
    expect(service.stored().calls).toBe(1_700);
  }
});

it.each(['while running', 'over a restart'] as const)(
  'keeps what was stored before a clock ran ahead for so long that it is in memory no more, set back %s',
  async (how) => {
    const service = await Service.withBaseline();
    for (let i = 0; i < 2; i += 1) await service.sent(50);
    const rightMs = service.nowMs;
    service.nowMs += DAY_MS;
    for (let i = 0; i < 20; i += 1) await service.sent(100);
    expect(service.stored().calls).toBe(700 + 100 + 2_000);
    if (how === 'while running') service.nowMs = rightMs;
    else await service.restarted(rightMs);
    await service.sentLate(START_MS + 11 * 60_000);
    for (let i = 0; i < 5; i += 1) await service.sent(100);
    await service.sentLate(START_MS + 12 * 60_000);
    expect(service.stored().calls).toBe(700 + 100 + 2_000 + 1 + 500 + 1);
    await service.restarted(service.nowMs);
    for (let i = 0; i < 5; i += 1) await service.sent(100);
    expect(service.stored().calls).toBe(700 + 100 + 2_000 + 1 + 500 + 1 + 500);
  },
);

it('takes no evaluation that waited while the store hung for a clock that was set back', async () => {
  const service = await Service.withBaseline();
  for (let i = 0; i < 3; i += 1) await service.sent(50);
  let letGo = (): void => undefined;
  service.held = new Promise((resolve) => (letGo = resolve));
  const isHeld = new Promise<void>((resolve) => (service.reached = resolve));
  const rowAt = (atMs: number): IngestBatch =>
    answers([], {
      observations: [observation({ predictionId: `at ${atMs}`, atMs, features: { x: 0.5 }, confidence: 0.8 })],
    });
  const committing = service.fleet.ingest(A, rowAt(service.nowMs));
  await isHeld;
  const counting = service.fleet.ingest(A, { ...rowAt(service.nowMs), acknowledge: 'memory' });
  const evaluating = service.fleet.catchUp(A);
  for (let i = 0; i < 5; i += 1) await AT_ONCE();
  service.nowMs += 600_000;
  service.held = null;
  letGo();
  await Promise.all([committing, counting, evaluating]);
  expect(service.monitored.counters.clock).toBeUndefined();
  expect(service.blindSpots).not.toContainEqual(expect.stringContaining('rows that were dated as late as'));
});

it('stores what was acknowledged from memory and dated ahead before the clock was set back', async () => {
  const service = await Service.withBaseline();
  await service.sent(50);
  const { calls } = service.stored();
  const rightMs = service.nowMs;
  service.nowMs += DAY_MS;
  const observations = Array.from({ length: 30 }, (_, i) =>
    observation({ predictionId: `m${i}`, atMs: service.nowMs, features: { x: 0.5 }, confidence: 0.8 }),
  );
  await service.fleet.ingest(A, answers([], { observations, acknowledge: 'memory' }));
  service.nowMs = rightMs;
  for (let i = 0; i < 3; i += 1) await service.sent(50);
  await service.fleet.stop();
  expect(service.stored().calls).toBe(calls + 30 + 150);
});

describe.each(['while running', 'over a restart', 'over a kill'] as const)('a clock set back %s', (how) => {
  const setBack = async (service: Service, minute: number): Promise<void> => {
    const rightMs = START_MS + minute * 60_000;
    if (how === 'while running') service.nowMs = rightMs;
    else await service.restarted(rightMs, how === 'over a kill');
  };
  const labelsOfBaseline = ({ monitored }: Service): number | undefined => monitored.baseline?.profile.labels.labelled;

  it('leaves labels with the rows they are of, though they are dated as those that were learnt', async () => {
    const service = await Service.withBaseline();
    await setBack(service, 1);
    const rows = await service.sent(50);
    rows.push(...(await service.sent(50)));
    expect(await service.labelled(rows)).toBe(100);
    expect(labelsOfBaseline(service)).toBe(0);
    await service.restarted(service.nowMs + 1);
    rows.push(...(await service.sent(50)));
    expect(await service.labelled(rows.slice(100))).toBe(50);
    expect(labelsOfBaseline(service)).toBe(0);
    expect(service.stored()).toEqual({ calls: 850, labelled: 150 });
  });

  it('learns from rows together with their labels, though some waited when it was admitted that are dated as those that were learnt', async () => {
    const service = new Service();
    await service.fleet.add(modelNamed('a'));
    for (let i = 0; i < 8; i += 1) await service.labelled(await service.sent(40));
    await setBack(service, -60);
    let labelled = 320;
    while (service.monitored.baseline === null) {
      expect(labelled).toBeLessThan(1_000);
      labelled += await service.labelled(await service.sent(40, 0, false));
      await service.fleet.judge(A);
    }
    const { profile } = service.monitored.baseline;
    expect(profile.labels.labelled).toBe(profile.calls);
    for (let i = 0; i < 4; i += 1) labelled += await service.labelled(await service.sent(40));
    expect(service.monitored.baseline.profile.labels.labelled).toBe(profile.calls);
    expect(service.stored()).toEqual({ calls: labelled, labelled });
  });

  it('has labels of rows from before a reset join no baseline that is learnt since', async () => {
    const service = await Service.withBaseline();
    const before = await service.sent(50);
    await setBack(service, 10);
    await service.fleet.change(A, (draft) => void draft.relearn());
    for (let i = 0; i < 20; i += 1) await service.sent(50);
    expect(service.monitored.baseline?.version).toBe(2);
    const { fromMs, toMs } = service.monitored.baseline?.profile ?? { fromMs: 0, toMs: 0 };
    expect(before.every(({ atMs }) => atMs >= fromMs && atMs <= toMs)).toBe(true);
    expect(await service.labelled(before)).toBe(50);
    expect(labelsOfBaseline(service)).toBe(0);
  });
});

it('leaves labels with rows that come after a stop which admitted what was learnt', async () => {
  const service = new Service();
  await service.fleet.add(modelNamed('a'));
  for (let i = 0; i < 14; i += 1) await service.sent(50, 0, false);
  await service.restarted(service.nowMs + 1_000);
  expect(service.monitored.baseline?.version).toBe(1);
  const observations = Array.from({ length: 30 }, (_, i) =>
    observation({ predictionId: `l${i}`, atMs: START_MS + 120_000 + i, features: { x: 0.5 }, confidence: 0.8 }),
  );
  await service.fleet.ingest(A, answers([], { observations }));
  expect(await service.labelled(observations)).toBe(30);
  expect(service.monitored.baseline?.profile.labels.labelled).toBe(0);
});

it('keeps no time that has not come yet', () => {
  const [nowMs, aheadMs] = [1e12, 1e12 + DAY_MS];
  const times = {
    lastPredictionAtMs: aheadMs,
    lastAsideAtMs: aheadMs,
    lastProbeAtMs: aheadMs,
    lastArrivalAtMs: aheadMs,
    lastAnswerAtMs: aheadMs,
    lastProbeAnswerAtMs: aheadMs,
    lastProbeFailureAtMs: aheadMs,
    lastVersionAtMs: aheadMs,
    judgedFromMs: aheadMs,
    pastUntilMs: aheadMs,
  };
  const { clock, ...right } = withoutFuture({ ...NO_CALLS, ...times }, nowMs);
  expect(clock).toEqual({ aheadToMs: aheadMs, setBackAtMs: nowMs });
  expect(JSON.stringify(right)).not.toContain(String(aheadMs));
});
