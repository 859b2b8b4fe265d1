import { describe, expect, it } from 'vitest';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import type { Incident } from '../../exporter/src/domain/incident.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../exporter/src/domain/recommendation.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../exporter/src/domain/thresholds.js';
import { atOnce } from '../../exporter/src/domain/turns.js';
import { RowAnalysisSchedule } from '../../exporter/src/evaluation/row-analysis-schedule.js';
import { createMember, type Member } from '../../exporter/src/monitoring/member.js';
import { ModelEvaluation } from '../../exporter/src/monitoring/model-evaluation.js';
import { MonitoredModel } from '../../exporter/src/monitoring/monitored-model.js';
import { readModelState, writeModel } from '../../exporter/src/monitoring/persist.js';
import { NOTHING_TO_ANALYSE } from '../../exporter/src/rca/row-analysis.js';
import { createEventBus } from '../../exporter/src/system/event-bus.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { modelOf } from '../fixtures/model.js';
import { incidentsInMemory } from '../unit/incidents/fixtures.js';
import { observation } from '../unit/detection/rows.js';
import { MEMBERS_THAT_STAY, QUIET_LOGGER } from '../unit/monitoring/fleet-on-memory.js';
import { MemoryStore } from '../unit/monitoring/memory-store.js';

const START_MS = 1_767_225_600_000;
const DAY_MS = 86_400_000;
const EVALUATED_EVERY_MS = 5_000;
const APART_MS = 3_000;
const [NORMAL, CHANGED, NORMAL_AGAIN] = [1_000, 300, 500];
const MODEL = modelOf({ id: modelId('worlds'), endpoint: null, createdAtMs: START_MS });

interface Delivery {
  readonly atMs: number;
  readonly rows: readonly Observation[];
}
type World = (rows: readonly Observation[], seed: number) => readonly Delivery[];

const batches =
  (rowsPerBatch: number, at: (newestMs: number, index: number) => number): World =>
  (rows) =>
    Array.from({ length: Math.ceil(rows.length / rowsPerBatch) }, (_, i) => {
      const some = rows.slice(i * rowsPerBatch, (i + 1) * rowsPerBatch);
      return { rows: some, atMs: at(some.at(-1)?.atMs ?? 0, i) };
    });

const late =
  (mostDelayMs: number): World =>
  (rows, seed) => {
    const random = seededRandom(`late ${seed}`);
    const arriving = rows
      .map((row) => ({ row, atMs: row.atMs + mostDelayMs * random.next() }))
      .sort((a, b) => a.atMs - b.atMs);
    return arriving.map(({ row, atMs }) => ({ rows: [row], atMs }));
  };

const live: World = (rows) => rows.map((row) => ({ rows: [row], atMs: row.atMs }));

const shuffledWithin =
  (world: World): World =>
  (rows, seed) => {
    const random = seededRandom(`shuffled ${seed}`);
    return world(rows, seed).map(({ rows: some, atMs }) => ({
      atMs,
      rows: some
        .map((row) => ({ row, key: random.next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row),
    }));
  };

/** The same rows in other ways: nothing else differs. */
const WORLDS: readonly (readonly [name: string, world: World])[] = [
  ['out of order within the lateness', late(9_000)],
  ['in batches of a minute', batches(20, (newestMs) => newestMs + 500)],
  ['in batches of a minute, in no order', shuffledWithin(batches(20, (newestMs) => newestMs + 500))],
  ['in batches of five minutes', batches(100, (newestMs) => newestMs + 500)],
  ['in batches of a quarter of an hour', batches(300, (newestMs) => newestMs + 500)],
  ['as a backfill of two hours later, at once', batches(10_000, (newestMs) => newestMs + 7_200_000)],
  [
    'as a backfill of a year later, at once, in no order',
    shuffledWithin(batches(10_000, (newestMs) => newestMs + 365 * DAY_MS)),
  ],
  ['as a backfill in batches, a second apart', batches(250, (_, i) => START_MS + 2 * DAY_MS + 1_000 * i)],
  [
    'live, seen by a clock that is five minutes ahead',
    (rows, seed) => live(rows, seed).map(({ rows: some, atMs }) => ({ rows: some, atMs: atMs + 300_000 })),
  ],
];

/** What is expected to be the same. */
interface Told {
  readonly baseline: unknown;
  readonly incidents: readonly {
    readonly cause: string;
    readonly confirmed: readonly string[];
    readonly sinceMs: number | null;
    readonly isClosed: boolean;
  }[];
  readonly calls: number;
}

class Service {
  private readonly store = new MemoryStore();
  private readonly kept = new Map<string, Incident>();
  private readonly since = new Map<
    string,
    { readonly confirmed: readonly string[]; readonly sinceMs: number | null }
  >();
  private nowMs = START_MS;
  private evaluatedAtMs = START_MS;

  private constructor(
    private readonly member: Member,
    private readonly evaluationsOf: (service: Service) => ModelEvaluation,
  ) {}

  static async start(): Promise<Service> {
    const monitored = new MonitoredModel(
      MODEL,
      {
        thresholds: DEFAULT_THRESHOLDS,
        requirements: DEFAULT_BASELINE_REQUIREMENTS,
        budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' },
        windowMs: 300_000,
        rowsKept: 5_000,
        binnedSignals: 6,
        categoriesPerFeature: 1_000,
        featuresPerModel: 500,
      },
      (text) => text,
      () => seededRandom(1),
      await readModelState(new MemoryStore(), MODEL.id, START_MS, DEFAULT_THRESHOLDS),
    );
    const rows = new RowAnalysisSchedule(
      {
        analyseRows: () => Promise.resolve(NOTHING_TO_ANALYSE),
        logger: QUIET_LOGGER,
        clock: { now: () => START_MS, sleep: () => Promise.resolve() },
      },
      new AbortController().signal,
    );
    return new Service(createMember(1, monitored, rows, null), (service) => service.wire());
  }

  async run(deliveries: readonly Delivery[]): Promise<Told> {
    const evaluations = this.evaluationsOf(this);
    for (const [i, { atMs, rows }] of deliveries.entries()) {
      this.nowMs = atMs;
      const { written } = await writeModel(this.store, this.member, [], atMs);
      atOnce(this.member.monitored.settle(written, atMs));
      this.member.monitored.observe(
        rows.map((row) => ({ observation: row, shape: null })),
        atMs,
      );
      this.member.needsEvaluation = true;
      await this.evaluateUntil(evaluations, deliveries[i + 1]?.atMs ?? atMs + 600_000);
    }
    const { baseline, counters } = this.member.monitored;
    return {
      calls: counters.calls,
      baseline: baseline?.profile.calls,
      incidents: [...this.kept.values()].map((incident) => ({
        cause: incident.diagnosis.causes[0]?.id ?? 'none',
        ...(this.since.get(incident.id) ?? { confirmed: [], sinceMs: null }),
        isClosed: incident.closedAtMs !== null,
      })),
    };
  }

  /** Evaluates as the service does, until nothing turns any more or the time is over. */
  private async evaluateUntil(evaluations: ModelEvaluation, untilMs: number): Promise<void> {
    let quiet = 0;
    while (this.evaluatedAtMs + EVALUATED_EVERY_MS <= untilMs && quiet < 20) {
      this.nowMs = this.evaluatedAtMs = Math.max(this.nowMs, this.evaluatedAtMs + EVALUATED_EVERY_MS);
      if (!evaluations.isDue(this.member, this.nowMs)) {
        quiet += 1;
        continue;
      }
      const { monitored } = this.member;
      quiet = monitored.isBehind(this.nowMs) || monitored.alarm !== 'none' ? 0 : quiet + 1;
      await evaluations.evaluate(this.member);
    }
  }

  private wire(): ModelEvaluation {
    const clock = { now: () => this.nowMs, sleep: () => Promise.resolve() };
    const events = createEventBus(QUIET_LOGGER);
    events.subscribe((event) => {
      if (event.kind !== 'incident-opened') return;
      const { confirmed, changeAtMs } = this.member.monitored.evidence();
      this.since.set(event.incident.id, { confirmed: [...confirmed].sort(), sinceMs: changeAtMs });
    });
    const incidents = incidentsInMemory(this.kept, {
      lessons: this.store.lessons,
      events,
      clock,
      logger: QUIET_LOGGER,
    });
    return new ModelEvaluation(
      {
        store: this.store,
        clock,
        logger: QUIET_LOGGER,
        events,
        incidents,
        members: MEMBERS_THAT_STAY,
        experiments: () => ({ allow: false, callsBudget: 0, callsPerSecond: 1 }),
        knowledge: () => ({
          thresholds: DEFAULT_THRESHOLDS,
          lessons: [],
          targets: [],
          verification: DEFAULT_VERIFICATION_TIMES,
          validation: null,
        }),
        experiment: () => Promise.reject(new Error('no model is asked here')),
        rediscover: () => Promise.reject(new Error('no model is discovered here')),
        found: () => Promise.resolve(),
        noteSetup: () => undefined,
        reprobe: () => undefined,
        request: () => undefined,
        commit: () => undefined,
        writeHeld: () => Promise.resolve(),
      },
      new AbortController().signal,
    );
  }
}

/** Traffic whose answers are wrong for a quarter of an hour, and then right again. */
function rowsOf(seed: number): Observation[] {
  const random = seededRandom(`worlds ${seed}`);
  return Array.from({ length: NORMAL + CHANGED + NORMAL_AGAIN }, (_, i) => {
    const isChanged = i >= NORMAL && i < NORMAL + CHANGED;
    const prediction = random.next() < 0.5 ? 'yes' : 'no';
    const isRight = random.next() < (isChanged ? 0.4 : 0.95);
    return observation({
      atMs: START_MS + APART_MS * i,
      features: { x: random.next(), side: random.next() < 0.5 ? 'left' : 'right' },
      prediction,
      confidence: 0.6 + 0.4 * random.next(),
      label: isRight ? prediction : prediction === 'yes' ? 'no' : 'yes',
    });
  });
}

/** Traffic of which a number comes in another unit for five minutes, again and again. */
function rowsThatJump(): Observation[] {
  const random = seededRandom('jumps');
  return Array.from({ length: 1_450 }, (_, i) => {
    const isOtherUnit = Math.floor(i / 100) % 7 === 5;
    const spread = Math.exp(random.next() + random.next() - 1);
    return observation({
      atMs: START_MS + APART_MS * i,
      features: { amount: 20 * spread * (isOtherUnit ? 150 : 1), x: random.next() },
      prediction: random.next() < 0.5 ? 'yes' : 'no',
      confidence: 0.6 + 0.39 * random.next(),
    });
  });
}

it('opens an incident each time that something changes, however its rows come', async () => {
  const rows = rowsThatJump();
  const run = async (world: World): Promise<Told> => (await Service.start()).run(world(rows, 1));
  const inPeace = await run(batches(100, (newestMs) => newestMs + 500));
  expect(inPeace.incidents.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  for (const [name, world] of WORLDS.filter(([each]) => each.startsWith('as a backfill')))
    expect([name, await run(world)]).toEqual([name, inPeace]);
});

describe.each([1, 2])('the same rows, seed %i', (seed) => {
  const rows = rowsOf(seed);
  const inPeace = Service.start().then((service) => service.run(live(rows, seed)));

  it('open one incident and close it, live', async () => {
    const told = await inPeace;
    expect(told.calls).toBe(rows.length);
    expect(told.incidents).toMatchObject([{ cause: 'concept-drift', isClosed: true }]);
    const since = told.incidents[0]?.sinceMs ?? 0;
    expect(Math.abs(since - (START_MS + APART_MS * NORMAL))).toBeLessThan(120_000);
  });

  it.each(WORLDS)('tell the same %s', async (_, world) => {
    const service = await Service.start();
    expect(await service.run(world(rows, seed))).toEqual(await inPeace);
  });
});
