import type { ImportOutcome, ImportProgress, ImportPurpose, SpreadTimes } from '../domain/import.js';
import { Conflict } from '../domain/errors.js';
import type { IncidentRow } from '../domain/incident.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import type { Model } from '../domain/model.js';
import type { Observation } from '../domain/observation.js';
import type { AdmissionVerdict } from '../domain/profile.js';
import type { IncidentRepository } from '../domain/ports.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import type { ReplayFleet } from './replay-fleet.js';
import type { ReplayClock } from './replay-clock.js';

/** Rows between evaluations at least: an incident opens at the second that agrees, so it is found within twice as many. */
const ROWS_AT_ONCE = 500;
/** Where there is more traffic than that, an evaluation follows as much of the rows' own time. */
const TIME_AT_ONCE_MS = 3_600_000;
const HOUR_MS = 3_600_000;
const INCIDENTS_TOLD = 1_000;
/** Moves the clock past the last row, so that nothing is waited for. */
const AFTER_LAST_MS = 600_000;
const CALM_EVALUATIONS = 3;

export interface ReplayPorts {
  /** Its own, not started: it monitors this model alone, by `clock`. */
  readonly fleet: ReplayFleet;
  readonly clock: ReplayClock;
  readonly incidents: Pick<IncidentRepository, 'list'>;
  /** What a baseline that is given must have. */
  readonly requirements: BaselineRequirements;
}

/** Begins to judge rows of a model's past, or goes on with it. @param windowMs length of the windows they are counted in, at least */
export type OpenReplay = (model: Model, purpose: ImportPurpose, windowMs: number) => Promise<Replay>;

/** Rows of the past of one model, judged by their own time with what judges live rows. */
export class Replay {
  private progress: ImportProgress;

  private constructor(
    private readonly ports: ReplayPorts,
    readonly model: Model,
    readonly purpose: ImportPurpose,
  ) {
    this.progress = { purpose, rows: 0, labels: 0, refused: 0, repeated: 0, fromMs: null, toMs: null };
  }

  /** Takes up what is stored of the model, or begins with nothing. */
  static async begin(ports: ReplayPorts, model: Model, purpose: ImportPurpose): Promise<Replay> {
    await ports.fleet.addIfNew(model);
    const { lastAnswerAtMs } = ports.fleet.monitoredModel(model.id).counters;
    if (lastAnswerAtMs !== null) ports.clock.moveTo(lastAnswerAtMs);
    return new Replay(ports, model, purpose);
  }

  get soFar(): ImportProgress {
    return this.progress;
  }

  /**
   * Takes a batch of rows, oldest first and by parts, each stored under an id of its own and the last under the batch's: repeated
   * after a crash, the parts that are stored count nothing.
   * @param undatedAtMs the time that rows without one were given when they were read
   * @throws Conflict for rows without a time, when nobody says when they were made
   */
  async take(batch: IngestBatch, undatedAtMs: number, spread: SpreadTimes | null): Promise<IngestResult> {
    const rows = dated(batch.observations, undatedAtMs, spread ?? this.orderOnly(undatedAtMs)).sort(
      (a, b) => a.atMs - b.atMs,
    );
    const parts = this.purpose === 'history' ? partsOf(rows) : [rows];
    if (parts.length === 0) parts.push([]);
    const last = parts.length - 1;
    const results: IngestResult[] = [];
    for (const [i, part] of parts.entries()) results.push(await this.takePart(batch, part, i, i === last));
    const [first = await this.takePart(batch, [], 0, true)] = results;
    return { ...first, ...sumOf(results), duplicate: results.every(({ duplicate }) => duplicate) };
  }

  /** A training set needs no times of its own: it gets an order. */
  private orderOnly(nowMs: number): SpreadTimes | null {
    if (this.purpose === 'history') return null;
    return { firstMs: Math.max(this.ports.clock.now() + 1, nowMs - HOUR_MS), stepMs: 1 };
  }

  private async takePart(
    batch: IngestBatch,
    part: readonly Observation[],
    place: number,
    isLast: boolean,
  ): Promise<IngestResult> {
    const { fleet, clock } = this.ports;
    const newestMs = part.at(-1)?.atMs;
    if (newestMs !== undefined) clock.moveTo(newestMs);
    const result = await fleet.ingest(this.model.id, {
      ...batch,
      batchId: batch.batchId === null || isLast ? batch.batchId : partId(batch.batchId, place),
      observations: part,
      labels: isLast ? batch.labels : [],
      ...(place === 0 ? {} : { rejected: 0, rejectedByReason: {}, errors: [], notes: [] }),
    });
    this.note(part, isLast ? batch.labels.length : 0, result);
    if (!result.duplicate && this.purpose === 'history') await fleet.catchUp(this.model.id);
    return result;
  }

  private note(part: readonly Observation[], labels: number, { duplicate, rejected }: IngestResult): void {
    const before = this.progress;
    const times = { fromMs: part[0]?.atMs ?? null, toMs: part.at(-1)?.atMs ?? null };
    this.progress = {
      purpose: this.purpose,
      rows: before.rows + (duplicate ? 0 : part.length),
      labels: before.labels + (duplicate ? 0 : labels),
      refused: before.refused + (duplicate ? 0 : rejected),
      repeated: before.repeated + (duplicate ? part.length + labels : 0),
      fromMs: least(before.fromMs, times.fromMs),
      toMs: most(before.toMs, times.toMs),
    };
  }

  /**
   * Judges what waits and hands the model over to be watched live: afterwards it is not this replay's any more. What is no baseline goes on being learnt from live rows.
   */
  async finish(): Promise<ImportOutcome> {
    const { fleet, clock, incidents } = this.ports;
    const { id } = this.model;
    const { requirements } = this.ports;
    const given = this.purpose === 'baseline' ? requirements : null;
    const refused = given === null ? [] : await fleet.inModel(id, (monitored) => monitored.endImport(given));
    if (this.purpose === 'history') {
      clock.moveTo(clock.now() + AFTER_LAST_MS);
      for (let i = 0; i < CALM_EVALUATIONS; i += 1) {
        await fleet.catchUp(id);
        clock.moveTo(clock.now() + 1_000);
      }
    }
    const told: readonly IncidentRow[] = await incidents.list({ model: id, limit: INCIDENTS_TOLD });
    const { baseline, learning } = fleet.monitoredModel(id);
    if (given === null) await fleet.inModel(id, (monitored) => monitored.endImport(null));
    await fleet.lend(id, () => null, 'the imported rows end here');
    return {
      progress: this.progress,
      baselineVersion: baseline?.version ?? null,
      learnsStill: refused.length > 0 ? refused : stillMissing(learning?.verdict ?? null),
      incidents: [...told].reverse(),
    };
  }
}

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const most = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

function stillMissing(verdict: AdmissionVerdict | null): readonly string[] {
  if (verdict === null || verdict.kind === 'admitted') return [];
  return verdict.kind === 'refused' ? verdict.reasons : verdict.missing;
}

/** Rows that had no time get one by their place. @throws Conflict when nobody says which */
function dated(rows: readonly Observation[], undatedAtMs: number, spread: SpreadTimes | null): Observation[] {
  return rows.map((row, i) => {
    if (row.atMs !== undatedAtMs) return row;
    if (spread === null)
      throw new Conflict(
        'these rows have no time of their own; say when the first was made and how many came a day, or which field is the timestamp',
        'timestamp',
      );
    return { ...row, atMs: spread.firstMs + i * spread.stepMs };
  });
}

/** Rows in order, cut where an evaluation follows. The same rows are always cut alike. */
function partsOf(rows: readonly Observation[]): Observation[][] {
  const parts: Observation[][] = [];
  let part: Observation[] = [];
  for (const row of rows) {
    const begunMs = part[0]?.atMs ?? row.atMs;
    if (part.length >= ROWS_AT_ONCE && row.atMs - begunMs >= TIME_AT_ONCE_MS) {
      parts.push(part);
      part = [];
    }
    part.push(row);
  }
  return part.length === 0 ? parts : [...parts, part];
}

/** The id that a part of a batch is stored under; the last has the batch's own. */
export const partId = (batchId: string, place: number): string => `${batchId}/${place}`;

/** What the parts of one batch come to, oldest first: what was refused of it is told with the first. */
export function sumOf(parts: readonly IngestResult[]): Omit<IngestResult, 'duplicate'> {
  const sum = (of: (part: IngestResult) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const [first] = parts;
  return {
    accepted: sum(({ accepted }) => accepted),
    labelsInRows: sum(({ labelsInRows }) => labelsInRows),
    labelsMatched: sum(({ labelsMatched }) => labelsMatched),
    labelsUnmatched: sum(({ labelsUnmatched }) => labelsUnmatched),
    labelsWaiting: sum(({ labelsWaiting }) => labelsWaiting),
    rejected: sum(({ rejected }) => rejected),
    rejectedByReason: first?.rejectedByReason ?? {},
    errors: first?.errors ?? [],
    notes: first?.notes ?? [],
  };
}
