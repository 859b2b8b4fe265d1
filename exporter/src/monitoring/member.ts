import type { Evaluation } from '../evaluation/evaluate.js';
import type { RowAnalysisSchedule } from '../evaluation/row-analysis-schedule.js';
import type { IncidentExperiments } from '../experiments/per-incident.js';
import type { IngestBatch, IngestResult, TakenBatch } from '../domain/ingest.js';
import type { RefusedLogLine } from '../domain/log-position.js';
import type { Validation } from '../domain/validation.js';
import type { MonitoredModel } from './monitored-model.js';
import { NO_FIGURES, type RecentFigures } from './recent-figures.js';

/** A request that is answered once the model's next commit is through. */
export interface WaitingRequest {
  /** Rows to count with that commit; null to have only stored what was counted before. */
  readonly batch: IngestBatch | null;
  /** When it came, by a clock that is never set: `performance.now()`. */
  readonly sinceMs: number;
  resolve(result: IngestResult): void;
  reject(error: Error): void;
}

export interface LastEvaluation {
  readonly evaluation: Evaluation;
  readonly atMs: number;
  readonly seconds: number;
}

/** Where logs are that mlfi fetches by itself. */
export type UnreadLogs = 'log_files' | 'kafka';

/** While an import that was given up was under way. */
export interface Unwatched {
  /** Null where that was not kept. */
  readonly fromMs: number | null;
  readonly toMs: number;
}

/** What was counted of a model cannot be stored. */
export interface Unwritten {
  /** When a commit first failed, of those that failed in a row. */
  readonly sinceMs: number;
  /** The store takes what others have: the others' commit is not tried with it. */
  readonly isAlone: boolean;
}

/** One model of the fleet, and what is going on with it. */
export interface Member {
  /** Tells it from one of the same id that was there before. */
  readonly serial: number;
  /** Grows whenever something else changes that its status shows: an evaluation, an incident, why it cannot be written. */
  touches: number;
  readonly monitored: MonitoredModel;
  readonly waiting: WaitingRequest[];
  /** Its last commit failed, or has no answer, or its turn did not come; null when it is stored. */
  unwritten: Unwritten | null;
  /** Since when its logs cannot be read, by where they are. */
  readonly unreadLogs: Map<UnreadLogs, number>;
  /** When an import that was given up kept it from being watched; null where none did lately. */
  unwatched: Unwatched | null;
  /** The newest line of its log files that was refused; null for none of late. */
  refusedLine: RefusedLogLine | null;
  /** Batches that were counted before they are stored, by batch id. */
  readonly unstored: Map<string, TakenBatch>;
  readonly rows: RowAnalysisSchedule;
  last: LastEvaluation | null;
  /** The newest row's time when evaluations began to find nothing but what is over; null when the last one found more. */
  normalSinceMs: number | null;
  recent: RecentFigures;
  /** What its newest rows were read from; null where that is its own. In memory only: the next rows say it again. */
  source: string | null;
  /** Since when only probes are to be stored of it; null when they are, or other things as well. */
  putOffSinceMs: number | null;
  /** New evidence, or somebody asked. */
  needsEvaluation: boolean;
  /** The model's revision that those are shown who keep what is made of a status. */
  shownRevision: number;
  /** Answers to probes that show no failure: in a large fleet they are looked at together with the next ones. */
  hasAnswers: boolean;
  /** The version of a baseline that is admitted and not yet known to be stored: nobody is told of it, and nothing is evaluated on it. */
  untoldBaseline: number | null;
  /** The experiments of the open incident, the newest under way or done. */
  experiment: IncidentExperiments | null;
  /** Newest verdict on a candidate version. */
  validation: Validation | null;
  isRediscovering: boolean;
  readonly registration: Registration;
}

/** From when a model is added until it leaves, also where it is read anew meanwhile: tells it from another of its name. */
export interface Registration {
  /** Requests to remove the model that are under way: with one it is neither evaluated nor probed. */
  removals: number;
  /** It is being asked, because it was registered, how it wants to be probed: it is not asked twice at once. */
  isAsked: boolean;
}

/** Something changed that the member's status shows and its model does not know of. */
export function touch(member: Member | undefined): void {
  if (member !== undefined) member.touches += 1;
}

/** What is counted of a member cannot be stored. @param isAlone as of `Unwritten` */
export function unwritable(member: Member, nowMs: number, isAlone: boolean): void {
  member.touches += 1;
  member.unwritten = { sinceMs: member.unwritten?.sinceMs ?? nowMs, isAlone };
}

/** What is counted of a member can be stored. */
export function writable(member: Member): void {
  if (member.unwritten !== null) member.touches += 1;
  member.unwritten = null;
  member.putOffSinceMs = null;
}

/** A model as it enters the fleet: never evaluated by this process, and due. */
export function createMember(
  serial: number,
  monitored: MonitoredModel,
  rows: RowAnalysisSchedule,
  validation: Validation | null,
  registration: Registration = { removals: 0, isAsked: false },
): Member {
  return {
    serial,
    touches: 0,
    monitored,
    rows,
    validation,
    registration,
    waiting: [],
    unwritten: null,
    unreadLogs: new Map(),
    unwatched: null,
    refusedLine: null,
    unstored: new Map(),
    last: null,
    normalSinceMs: null,
    recent: NO_FIGURES,
    source: null,
    putOffSinceMs: null,
    needsEvaluation: true,
    shownRevision: 0,
    hasAnswers: false,
    untoldBaseline: null,
    experiment: null,
    isRediscovering: false,
  };
}
