import type { BegunImport, ImportOutcome, ImportProgress, ImportPurpose, SpreadTimes } from '../domain/import.js';
import { Conflict } from '../domain/errors.js';
import type { IncidentRow } from '../domain/incident.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import type { Model } from '../domain/model.js';
import type { Observation } from '../domain/observation.js';
import type { AdmissionVerdict } from '../domain/profile.js';
import type { IncidentRepository } from '../domain/ports.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import type { BaselineMemory } from './baseline-lifecycle.js';
import type { ReplayFleet } from './replay-fleet.js';
import type { ReplayClock } from './replay-clock.js';

/** What a part has at least, in rows and in their own time: each is stored by itself. */
const ROWS_AT_ONCE = 500;
const TIME_AT_ONCE_MS = 3_600_000;
/** Rows are judged at these steps of their own time, however they are sent: what is found in them is told at the step after. */
const STEP_MS = 600_000;
const HOUR_MS = 3_600_000;
/** Rows of a whole day are of all times of day, and so are those of a training set that gives none. */
const DAY_MS = 24 * HOUR_MS;
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
  /** As long as nothing is found an evaluation follows after so much of the rows' own time. */
  readonly evaluateEveryMs: number;
}

/** A replay that has ended. */
export interface FinishedReplay {
  readonly outcome: ImportOutcome;
  /** What was in memory of the baseline, for whoever watches the model from now on. */
  readonly memory: BaselineMemory | null;
}

/**
 * Begins to judge rows of a model's past, or goes on with it.
 * @param windowMs length of the windows they are counted in, at least
 * @param memory what was in memory of its baseline where it was watched
 */
export type OpenReplay = (
  model: Model,
  begun: BegunImport,
  windowMs: number,
  memory: BaselineMemory | null,
) => Promise<Replay>;

/** Rows of the past of one model, judged by their own time with what judges live rows. */
export class Replay {
  readonly purpose: ImportPurpose;
  private progress: ImportProgress;
  private evaluatedAtMs = -Infinity;
  /** The step after the newest row; null before the first. */
  private nextStepMs: number | null = null;
  private hasUndated = false;

  private constructor(
    private readonly ports: ReplayPorts,
    readonly model: Model,
    { purpose, fromMs }: BegunImport,
    /** Rows that were stored before mlfi was started anew. */
    private readonly rowsBefore: number,
    toMs: number | null,
  ) {
    this.purpose = purpose;
    const times = rowsBefore === 0 ? { fromMs: null, toMs: null } : { fromMs, toMs };
    this.progress = { purpose, rows: rowsBefore, labels: 0, refused: 0, repeated: 0, ...times };
  }

  /** Takes up what is stored of the model. */
  static async begin(
    ports: ReplayPorts,
    model: Model,
    begun: BegunImport,
    memory: BaselineMemory | null,
  ): Promise<Replay> {
    await ports.fleet.takeBack(model.id, memory);
    const { lastPredictionAtMs, calls, probes } = ports.fleet.monitoredModel(model.id).counters;
    if (lastPredictionAtMs !== null) ports.clock.moveTo(lastPredictionAtMs);
    return new Replay(ports, model, begun, calls - probes, lastPredictionAtMs);
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
    this.hasUndated ||= spread === null && batch.observations.some(({ atMs }) => atMs === undatedAtMs);
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
    const { nextStepMs } = this;
    const [first, newest] = [part[0], part.at(-1)];
    if (nextStepMs !== null && first !== undefined && nextStepMs <= first.atMs) await this.judge(nextStepMs);
    if (first !== undefined && newest !== undefined)
      clock.moveTo(this.purpose === 'baseline' ? newest.atMs : stepAfter(first.atMs) - STEP_MS);
    const result = await fleet.ingest(this.model.id, {
      ...batch,
      batchId: batch.batchId === null || isLast ? batch.batchId : partId(batch.batchId, place),
      observations: part,
      labels: isLast ? batch.labels : [],
      ...(place === 0 ? {} : { rejected: 0, rejectedByReason: {}, errors: [], notes: [] }),
    });
    this.note(part, isLast ? batch.labels.length : 0, result);
    if (result.duplicate || this.purpose === 'baseline') return result;
    const steps = [...new Set(part.map(({ atMs }) => stepAfter(atMs)))];
    this.nextStepMs = steps.pop() ?? nextStepMs;
    for (const stepMs of steps) await this.judge(stepMs);
    return result;
  }

  /** Judges rows up to a step, and evaluates when something was found or an evaluation is due. */
  private async judge(stepMs: number): Promise<void> {
    const { fleet, clock, evaluateEveryMs } = this.ports;
    clock.moveTo(stepMs);
    const hasFound = await fleet.judge(this.model.id);
    if (!hasFound && stepMs - this.evaluatedAtMs < evaluateEveryMs) return;
    this.evaluatedAtMs = stepMs;
    await fleet.catchUp(this.model.id);
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
   * Judges what waits and hands the model over to be watched live: afterwards it is not this replay's any more. What is no
   * baseline goes on being learnt from live rows; an incident that is open at the end of a history is told as that, and over.
   */
  async finish(): Promise<FinishedReplay> {
    const { fleet, incidents } = this.ports;
    const { id } = this.model;
    const refused = this.purpose === 'baseline' ? await this.admit() : [];
    if (this.purpose === 'history') await this.judgeRest();
    const told: readonly IncidentRow[] = await incidents.list({ model: id, limit: INCIDENTS_TOLD });
    const { baseline, learning } = fleet.monitoredModel(id);
    if (this.purpose === 'history') await fleet.inModel(id, (monitored) => monitored.endHistory(true));
    const memory = await fleet.lend(id, () => null, 'the imported rows end here');
    const outcome = {
      progress: this.progress,
      baselineVersion: baseline?.version ?? null,
      learnsStill: refused.length > 0 ? refused : stillMissing(learning?.verdict ?? null),
      notes: this.notes,
      incidents: [...told].reverse(),
    };
    return { outcome, memory };
  }

  /**
   * Ends it without a story: what the model counted is forgotten as far as it is kept, and the model is nobody's.
   * @returns what was in memory of its baseline
   */
  async abandon(): Promise<BaselineMemory | null> {
    const { fleet } = this.ports;
    await fleet.inModel(this.model.id, (monitored) => monitored.judgeRest());
    await fleet.inModel(this.model.id, (monitored) => monitored.endHistory(false));
    return fleet.lend(this.model.id, () => null, 'the import was cancelled');
  }

  private admit(): Promise<readonly string[]> {
    const { fleet, requirements } = this.ports;
    const { fromMs, toMs } = this.progress;
    const isOfAllTimes = this.hasUndated || (toMs ?? 0) - (fromMs ?? 0) >= DAY_MS;
    return fleet.inModel(this.model.id, (monitored) => monitored.endTrainingSet(requirements, isOfAllTimes));
  }

  private async judgeRest(): Promise<void> {
    const { fleet, clock } = this.ports;
    const newestMs = fleet.monitoredModel(this.model.id).counters.lastPredictionAtMs ?? clock.now();
    clock.moveTo(newestMs + AFTER_LAST_MS);
    for (let i = 0; i < CALM_EVALUATIONS; i += 1) {
      await fleet.catchUp(this.model.id);
      clock.moveTo(clock.now() + 1_000);
    }
  }

  private get notes(): readonly string[] {
    const { rowsBefore, purpose } = this;
    if (rowsBefore === 0) return [];
    const before = rowsBefore.toLocaleString('en-GB');
    return [
      purpose === 'baseline'
        ? `mlfi was started anew after ${before} of these rows. All are counted in the baseline, but rows are kept in memory only: what judges row by row knows the later ones, and learns the rest from live rows.`
        : `mlfi was started anew after ${before} of these rows. All are counted; rows that waited to be judged then were not.`,
    ];
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

const stepAfter = (atMs: number): number => STEP_MS * (Math.floor(atMs / STEP_MS) + 1);

/** Rows in order, cut into parts. The same rows are always cut alike. */
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
