import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import type { StoreLocation } from '../../exporter/src/store/open-store.js';
import { figure, IS_LONG } from '../hostile/figures.js';
import { eventually } from '../integration/running-service.js';
import { freePort } from '../integration/servers/free-port.js';
import { postgresBinaries, startPostgres, type Postgres } from '../integration/servers/postgres.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { listed, saidOf, storedOf, type Said, type Stored } from './outcome.js';
import { sendAll, type Acknowledged, type Call, type Met } from './sender.js';
import { BATCH_MS, trafficOf, type Traffic, type TrafficSize } from './traffic.js';

const SIZE: TrafficSize = IS_LONG
  ? { rowsOfFirst: 5_000, rowsOfWatched: 2_500, rowsOfLearning: 20, batches: 9 }
  : { rowsOfFirst: 5_000, rowsOfWatched: 1_200, rowsOfLearning: 40, batches: 5 };
/** More than the models that are not watched send in all. */
const ROWS_TO_LEARN = 200;
const KILLS = IS_LONG ? 20 : 7;
/** Models whose senders send at the same time: what one life of the service sees stays a part of the whole. */
const AT_ONCE = 4;
/** Of a model's own time, rows that wait to be judged are lost with the process: its "since" may be later by them, and by a block. */
const sinceWithinMs = (lostBatches: number): number => BATCH_MS * Math.max(1, lostBatches) + 60_000;
const SETTLED_WITHIN_MS = 60_000;
/** So long nothing must arrive before nothing is waited for any more. */
const LATENESS_MS = 10_000;
const STEADY_MS = 8_000;
/** Rows whose turn has come are judged with the next evaluation, on a busy machine a while later. */
const JUDGED_EVERY_MS = 5_000;
/** A model beside the traffic, whose rows the last kill loses. */
const LEFT_WAITING = 'left-waiting';
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const FAIL_POINTS = ['before-commit', 'after-commit', 'half-acknowledged', 'kill'] as const;
const PRELOADED = ['--import', join(import.meta.dirname, 'fail-points.mjs')];

const traffic = trafficOf(Date.now() - Math.max(12 * 3_600_000, (SIZE.batches + 2) * BATCH_MS), SIZE);
const ids = traffic.map(({ id }) => id);

const lastRowsOf = (deliveries: Traffic['deliveries']): number =>
  deliveries.findLastIndex(({ kind }) => kind === 'observations');

interface Outcome {
  readonly told: ReadonlyMap<string, Acknowledged>;
  readonly said: ReadonlyMap<string, Said>;
  readonly stored: ReadonlyMap<string, Stored>;
  readonly met: Met;
  readonly kills: number;
  /** Batches of a model that waited to be judged when the process was killed, and so never were. */
  readonly lost: ReadonlyMap<string, number>;
  /** What is not judged of the model whose rows surely waited at the last kill; null when nothing was killed. */
  readonly unjudged: readonly string[] | null;
}

class Run {
  private service: ServiceProcess | null = null;
  readonly met: Met = new Map();
  private readonly told = new Map(
    ids.map((id): [string, Acknowledged] => [id, { rows: 0, labelsMatched: 0, labelsUnmatched: 0, rowsAtMs: [] }]),
  );
  private readonly lost = new Map<string, number>();
  private waiting: (() => void)[] = [];
  private free = AT_ONCE;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly settings: object,
  ) {}

  static async of(kills: number, database: StoreLocation | null): Promise<Outcome> {
    const directory = mkdtempSync(join(tmpdir(), 'mlfi-load-'));
    const run = new Run(directory, await freePort(), {
      api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate'], key: KEY }],
      baseline: { minimum_samples: ROWS_TO_LEARN },
      paging: { season: 'none' },
      windows: { evaluate_every: '1s' },
      logging: { level: 'warn' },
      ...(database?.kind === 'postgresql' ? { database: { url: database.url } } : {}),
    });
    try {
      return await run.whole(kills, database ?? { kind: 'sqlite', file: join(directory, 'mlfi.sqlite') });
    } finally {
      await run.kill();
      rmSync(directory, { recursive: true, force: true });
    }
  }

  private async whole(kills: number, database: StoreLocation): Promise<Outcome> {
    await this.start();
    for (const id of ids) expect((await this.call('POST', '/api/v1/models', JSON.stringify({ id })))?.status).toBe(201);
    const { told } = this;
    const send = (part: (deliveries: Traffic['deliveries']) => Traffic['deliveries']): Promise<unknown> =>
      Promise.all(
        traffic.map(({ id, deliveries }) => {
          const acknowledged = told.get(id);
          if (acknowledged === undefined) throw new Error(id);
          return sendAll(id, part(deliveries), acknowledged, this);
        }),
      );
    // A baseline is admitted by rows in memory: the kills begin when that is over.
    await send((all) => all.slice(0, 1));
    await this.admitted();
    let isDone = false;
    const sent = send((all) => all.slice(1, lastRowsOf(all))).finally(() => (isDone = true));
    let killed = 0;
    for (const random = seededRandom('kills'); killed < kills && !isDone; killed += 1) {
      const point = FAIL_POINTS[killed % FAIL_POINTS.length] ?? 'kill';
      await this.kill();
      await this.start(point, 1 + Math.floor(2 * random.next()));
      if (point === 'kill') await sleep(200 + 600 * random.next());
      else await Promise.race([this.process.exited, sent]);
    }
    if (kills > 0) {
      await this.kill();
      await this.start();
      await this.leaveWaiting();
      await this.kill();
      await this.start();
    }
    await sent;
    // All rows of a fault may have waited when the process was killed: the last are judged in peace, and say the same.
    await send((all) => all.slice(lastRowsOf(all)));
    const unjudged = kills > 0 ? (await saidOf(this.call, LEFT_WAITING)).blindSpots : null;
    const said = await this.settled();
    this.process.child.kill('SIGTERM');
    await this.process.exited;
    return {
      told,
      said,
      stored: await storedOf(database, ids),
      met: this.met,
      kills: killed,
      lost: this.lost,
      unjudged,
    };
  }

  /** Rows of this second, acknowledged: whatever the machine's speed, they wait to be judged when the process is killed. */
  private async leaveWaiting(): Promise<void> {
    expect((await this.call('POST', '/api/v1/models', JSON.stringify({ id: LEFT_WAITING })))?.status).toBe(201);
    const row = { prediction: 0.5, features: { x: 1 }, timestamp: new Date().toISOString() };
    const path = `/api/v1/models/${LEFT_WAITING}/observations`;
    expect((await this.call('POST', path, JSON.stringify([row, row, row])))?.status).toBe(200);
  }

  private get process(): ServiceProcess {
    if (this.service === null) throw new Error('it was not started');
    return this.service;
  }

  private async start(point?: string, atCommit = 1): Promise<void> {
    const environment =
      point === undefined || point === 'kill'
        ? {}
        : { MLFI_TEST_FAIL_POINT: point, MLFI_TEST_AT_COMMIT: String(atCommit) };
    this.service = startServiceProcess(this.directory, this.port, this.settings, PRELOADED, true, environment);
    await Promise.race([this.service.ready(), this.service.exited]);
  }

  private async kill(): Promise<void> {
    this.service?.child.kill('SIGKILL');
    await this.service?.exited;
    const waitingSinceMs = Date.now() - LATENESS_MS - JUDGED_EVERY_MS;
    for (const [id, acknowledged] of this.told) {
      const waiting = acknowledged.rowsAtMs.filter((atMs) => atMs > waitingSinceMs).length;
      this.lost.set(id, (this.lost.get(id) ?? 0) + waiting);
      acknowledged.rowsAtMs = [];
    }
  }

  readonly call: Call = async (method, path, body) => {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(60_000),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return null;
    }
  };

  readonly turn = async (): Promise<() => void> => {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    };
  };

  private async said(): Promise<ReadonlyMap<string, Said>> {
    const said = new Map<string, Said>();
    for (const id of ids) said.set(id, await saidOf(this.call, id));
    return said;
  }

  /** Resolves when the models that are watched have a baseline. */
  private async admitted(): Promise<void> {
    const watched = traffic.filter(({ isWatched }) => isWatched).map(({ id }) => id);
    let last = '';
    await eventually('baselines', SETTLED_WITHIN_MS, async () => {
      const waiting = (await listed(this.call)).filter(
        ({ id, baseline }) => watched.includes(id) && baseline.state !== 'ready',
      );
      last = JSON.stringify(waiting.map(({ id, baseline }) => [id, baseline]));
      await sleep(500);
      return waiting.length === 0 ? true : null;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${last}`);
    });
  }

  /** What is said once every row that is waited for has been judged: nothing of it changes any more. */
  private async settled(): Promise<ReadonlyMap<string, Said>> {
    await sleep(LATENESS_MS);
    let before = '';
    let sinceMs = Date.now();
    return eventually('an end of judging', SETTLED_WITHIN_MS, async () => {
      const now = JSON.stringify(await listed(this.call));
      if (now !== before) sinceMs = Date.now();
      before = now;
      await sleep(500);
      return Date.now() - sinceMs >= STEADY_MS ? await this.said() : null;
    });
  }
}

/** What both stores must say after kills, and one said in peace. */
let peace: Outcome;
let postgres: Postgres;
beforeAll(async () => {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('this test needs PostgreSQL (apt-get install postgresql)');
  postgres = await startPostgres(binaries);
  const begunMs = performance.now();
  peace = await Run.of(0, null);
  figure(`in peace: ${((performance.now() - begunMs) / 1_000).toFixed(0)} s`);
}, 900_000);
afterAll(() => postgres?.stop());

describe('in peace', () => {
  it('finds what is wrong with six models, and nothing else', () => {
    const alarmed = [...peace.said].filter(([, { verdict }]) => verdict === 'alarm').map(([id]) => id);
    expect(alarmed).toEqual(traffic.filter(({ fault }) => fault !== null).map(({ id }) => id));
  });
});

/** What rests on rows in memory is excepted: both isolation forests are grown on rows, and rows are never stored. */
const OF_FORESTS: readonly string[] = ['data rows', 'note traffic'];
const withoutRows = ({ confirmed, findings }: Pick<Said, 'confirmed' | 'findings'>): object => ({
  confirmed: confirmed.filter((signal) => signal !== 'rows'),
  findings: findings.filter((finding) => !OF_FORESTS.includes(finding)),
});

describe.each(['SQLite', 'PostgreSQL'])('%s', (kind) => {
  let killed: Outcome;
  beforeAll(async () => {
    const begunMs = performance.now();
    const database =
      kind === 'SQLite' ? null : { kind: 'postgresql' as const, url: postgres.freshDatabase(), poolSize: 10 };
    killed = await Run.of(KILLS, database);
    figure(
      `${kind}: ${killed.kills} kills, ${((performance.now() - begunMs) / 1_000).toFixed(0)} s, senders met ${JSON.stringify(Object.fromEntries(killed.met))}`,
    );
  }, 900_000);

  it('was killed as often as it should be, in the midst of sending', () => {
    expect(killed.kills).toBe(KILLS);
    expect(killed.met.get('nobody')).toBeGreaterThan(0);
    // Acknowledgements that were lost after the rows had been stored.
    expect((killed.met.get('duplicate') ?? 0) + (killed.met.get('found counted') ?? 0)).toBeGreaterThan(0);
  });

  it('has told every sender the same', () => {
    for (const { id, deliveries } of traffic) {
      const [now, then] = [killed, peace].map(({ told }) => ({ ...told.get(id), rowsAtMs: [] }));
      // Labels sent again without a batch id have met their answers before: that answer was lost, and not what was counted.
      if (deliveries.every(({ batchId }) => batchId === null)) expect([id, now?.rows]).toEqual([id, then?.rows]);
      else expect([id, now]).toEqual([id, then]);
    }
  });

  it('has counted the same: calls, failures, labels and every signal, in baselines, learning and windows', () => {
    expect(Object.fromEntries(killed.stored)).toEqual(Object.fromEntries(peace.stored));
  });

  it('says the same of every model: baseline, alarm, finding, cause, incidents', () => {
    const comparable = ({ calls, baseline, verdict, confirmed, findings, cause, incidents }: Said): object => ({
      calls,
      // What was lost before it was judged is not learnt from; that it is counted is seen in the store.
      baseline: baseline.state === 'learning' ? { ...baseline, samples: null } : baseline,
      verdict,
      cause,
      incidents,
      ...withoutRows({ confirmed, findings }),
    });
    // The message of a failure is what differs alone: of a long run on CI only some lines are kept.
    const differing = [...peace.said].flatMap(([id, then]) => {
      const now = killed.said.get(id);
      if (now === undefined) return [`${id} is not there`];
      const after = new Map(Object.entries(comparable(now)).map(([name, value]) => [name, JSON.stringify(value)]));
      return Object.entries(comparable(then)).flatMap(([name, value]) =>
        JSON.stringify(value) === after.get(name)
          ? []
          : [`${id}: ${name} ${after.get(name) ?? ''}, in peace ${JSON.stringify(value)}`],
      );
    });
    expect(differing, differing.join('\n')).toEqual([]);
  });

  it('says since when, as far as rows were not lost that waited, and says that they were', () => {
    for (const [id, { sinceMs }] of peace.said) {
      const now = killed.said.get(id)?.sinceMs ?? null;
      if (sinceMs === null) expect([id, now]).toEqual([id, null]);
      else expect(Math.abs((now ?? 0) - sinceMs), id).toBeLessThan(sinceWithinMs(killed.lost.get(id) ?? 0));
    }
    expect(killed.unjudged).toContain('up to 3 rows that waited in memory');
  });
});
