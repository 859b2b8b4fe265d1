import { z } from 'zod';
import { codec, count } from '../domain/codec.js';
import type { Observation } from '../domain/observation.js';
import type { BaselineProfile } from '../domain/profile.js';
import { NOTED_KINDS, type ChangeEvent } from '../domain/symptoms.js';
import {
  answeredVersionsSchema,
  followVersion,
  NO_VERSIONS,
  withDeclared,
  type AnsweredVersions,
} from './answered-versions.js';

/** Counters and times that survive restarts; kept beside the counts. */
export interface CallCounters {
  readonly basis: 'probe' | 'ingest';
  readonly calls: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly probes: number;
  readonly probeFailures: Readonly<Record<string, number>>;
  readonly lastProbeAtMs: number | null;
  /** The newest time a logged prediction has. */
  readonly lastPredictionAtMs: number | null;
  /** When rows last came, by mlfi's clock, whatever time they have; null when 0.1.0 stored the counters. */
  readonly lastArrivalAtMs: number | null;
  /** The newest arrival, as `ArrivalClock` tells it; absent before that was kept. */
  readonly arrivedUntilMs?: number | undefined;
  readonly lastAnswerAtMs: number | null;
  /** The first answer after the newest call that failed; absent where none failed since that is kept. */
  readonly answersSinceMs?: number | undefined;
  /** When mlfi itself last got an answer; null until the model was asked successfully. Counters of 0.1.0 have none. */
  readonly lastProbeAnswerAtMs?: number | null | undefined;
  /** The newest row of an imported history, which live rows are not judged together with; absent where none was imported. */
  readonly pastUntilMs?: number | undefined;
  /** Counted rows whose evidence was not stored with this, for they waited for older ones or had just been judged; absent before that was kept. */
  readonly waiting?: number | undefined;
  /** Rows are judged when they come, for mlfi was ended before it had judged those that waited; absent where they wait. */
  readonly judgesAtOnce?: true | undefined;
  /** So many processes in a row were ended with rows that were not judged, each soon after the one before; absent where the last one was not. */
  readonly cutShort?: number | undefined;
  /** How late labels use to come, as `DelayQuantile` keeps it. */
  readonly labelDelays?: readonly number[] | undefined;
  /** Rows before belong to an incident that is over and are judged no more; absent before the first. */
  readonly judgedFromMs?: number | undefined;
  /** Logged rows that are set aside in memory because mlfi's own probes judge the model; absent where none are. */
  readonly rowsAside?: number | undefined;
  /** The newest time of a row that was ever set aside. */
  readonly lastAsideAtMs?: number | undefined;
  /** mlfi's clock was ahead until `setBackAtMs` and had dated rows as late as `aheadToMs`; absent where it was not, or once that time has come. */
  readonly clock?: { readonly aheadToMs: number; readonly setBackAtMs: number } | undefined;
  /** When a probe last failed; absent where none did since this is kept. */
  readonly lastProbeFailureAtMs?: number | undefined;
  readonly consecutiveFailures: number;
  /** The last evaluation found something badly wrong; absent where it did not. */
  readonly failing?: true | undefined;
  /** Of the newest call that failed; absent where none did since this is kept. */
  readonly lastFailureReason?: string | undefined;
  /** What the newest answer that names a version says. */
  readonly lastVersion: string | null;
  /** When that answer was given; absent before that was kept. */
  readonly lastVersionAtMs?: number | undefined;
  /** Which versions answer; absent before that was kept, and where no answer names one. */
  readonly versions?: AnsweredVersions | undefined;
  readonly changes: readonly ChangeEvent[];
}

export const NO_CALLS: CallCounters = {
  basis: 'probe',
  calls: 0,
  failures: {},
  probes: 0,
  probeFailures: {},
  lastProbeAtMs: null,
  lastPredictionAtMs: null,
  lastArrivalAtMs: null,
  lastAnswerAtMs: null,
  lastProbeAnswerAtMs: null,
  consecutiveFailures: 0,
  lastVersion: null,
  changes: [],
};
const bump = (counts: Readonly<Record<string, number>>, key: string): Record<string, number> => ({
  ...counts,
  [key]: (counts[key] ?? 0) + 1,
});

const counts = z.record(z.string(), count);
const moment = z.number().nullable();

const schema: z.ZodType<CallCounters> = z.object({
  basis: z.enum(['probe', 'ingest']),
  calls: count,
  failures: counts,
  probes: count,
  probeFailures: counts,
  lastProbeAtMs: moment,
  lastPredictionAtMs: moment,
  lastArrivalAtMs: moment.default(null),
  arrivedUntilMs: z.number().optional(),
  lastAnswerAtMs: moment,
  answersSinceMs: z.number().optional(),
  lastProbeAnswerAtMs: moment.optional(),
  pastUntilMs: z.number().optional(),
  waiting: count.optional(),
  judgesAtOnce: z.literal(true).optional(),
  cutShort: count.optional(),
  labelDelays: z.array(z.number().min(0)).optional(),
  judgedFromMs: z.number().optional(),
  rowsAside: count.optional(),
  lastAsideAtMs: z.number().optional(),
  clock: z.object({ aheadToMs: z.number(), setBackAtMs: z.number() }).optional(),
  lastProbeFailureAtMs: z.number().optional(),
  consecutiveFailures: count,
  failing: z.literal(true).optional(),
  lastFailureReason: z.string().optional(),
  lastVersion: z.string().nullable(),
  lastVersionAtMs: z.number().optional(),
  versions: answeredVersionsSchema.optional(),
  changes: z.array(z.object({ atMs: z.number(), kind: z.enum(NOTED_KINDS), text: z.string() })),
});

export const callCountersCodec = codec('call counters', schema);

/** As they were stored, at the beginning of another process. */
export const afterStart = (counters: CallCounters): CallCounters => {
  const { waiting = 0, cutShort = 0, judgesAtOnce } = counters;
  return { ...counters, cutShort: waiting > 0 || judgesAtOnce === true ? cutShort + 1 : undefined };
};

/** Whether the model has answered mlfi itself; before that was kept, any answer of the model counted. */
export const hasAnsweredProbe = ({ lastProbeAnswerAtMs, lastAnswerAtMs }: CallCounters): boolean =>
  (lastProbeAnswerAtMs === undefined ? lastAnswerAtMs : lastProbeAnswerAtMs) !== null;

/** The newest changes that are kept. */
const CHANGES_KEPT = 50;

export function withChange(counters: CallCounters, change: ChangeEvent): CallCounters {
  const { atMs, kind, text } = change;
  const isKnown = counters.changes.some((known) => known.atMs === atMs && known.kind === kind && known.text === text);
  return isKnown ? counters : { ...counters, changes: [...counters.changes, change].slice(-CHANGES_KEPT) };
}

/** Somebody declared another version: it is in service, unless the answers say which one is. */
export function withDeclaredVersion(counters: CallCounters, before: string | null, now: string): CallCounters {
  if (counters.lastVersion !== null) return counters;
  return { ...counters, versions: withDeclared(answeredVersions(counters), before, now) };
}

/** Counts a call that says nothing about the model: one before its first answer, or one refused by a limit on calls. */
export const countRefusedProbe = (before: CallCounters, { atMs, failure }: Observation): CallCounters => ({
  ...before,
  probes: before.probes + 1,
  probeFailures: failure === null ? before.probeFailures : bump(before.probeFailures, failure.reason),
  lastProbeAtMs: atMs,
});

/** An old row that comes late never takes a time back. */
const latest = (before: number | null, atMs: number): number => Math.max(before ?? -Infinity, atMs);

/** Takes note that logged rows came; the newest arrival counts, so that a clock that was set back is soon forgiven. */
export const withArrival = (counters: CallCounters, arrivedAtMs: number): CallCounters => ({
  ...counters,
  lastArrivalAtMs: arrivedAtMs,
});

/**
 * Counts logged rows that are set aside: they are in the totals, and neither in any window nor a sign of traffic that may stop.
 * @param kept as many are kept now, to be judged once there are enough
 */
export const countAside = (before: CallCounters, rows: readonly Observation[], kept: number): CallCounters => ({
  ...before,
  calls: before.calls + rows.length,
  failures: rows.reduce((all, { failure }) => (failure === null ? all : bump(all, failure.reason)), before.failures),
  rowsAside: kept,
  lastAsideAtMs: rows.reduce<number | undefined>(
    (newest, { atMs }) => Math.max(newest ?? atMs, atMs),
    before.lastAsideAtMs,
  ),
});

/** The newest time of a logged prediction, be the model judged by it or not. */
export const lastLoggedAtMs = ({ lastPredictionAtMs, lastAsideAtMs }: CallCounters): number | null =>
  lastAsideAtMs === undefined ? lastPredictionAtMs : latest(lastPredictionAtMs, lastAsideAtMs);

/** The counters without rows that were set aside, which are counted as traffic from now on. */
export function takenUp(before: CallCounters, rows: readonly Observation[]): CallCounters {
  const failures = { ...before.failures };
  for (const { failure } of rows)
    if (failure !== null) failures[failure.reason] = Math.max(0, (failures[failure.reason] ?? 0) - 1);
  return { ...before, calls: before.calls - rows.length, failures, rowsAside: undefined };
}

/** A history was imported: what came, came not from anybody. */
export const afterHistory = (calls: CallCounters): CallCounters => ({
  ...calls,
  pastUntilMs: calls.lastPredictionAtMs ?? calls.pastUntilMs,
  consecutiveFailures: 0,
  lastArrivalAtMs: null,
  lastPredictionAtMs: null,
});

/**
 * From when on rows are compared with a baseline; null without one. Those of an imported history are told by then. A baseline
 * that a clock admitted which was ahead is compared with since that was set back.
 */
export function comparedFromMs(
  baseline: BaselineProfile | null,
  calls: CallCounters | null,
  nowMs = Infinity,
): number | null {
  if (baseline === null) return null;
  const fromMs = Math.max(baseline.admittedAtMs, (calls?.pastUntilMs ?? -Infinity) + 1);
  return fromMs <= nowMs ? fromMs : Math.min(nowMs, calls?.clock?.setBackAtMs ?? nowMs);
}

/**
 * From when on stored windows hold rows that may have been compared with a baseline; null without one. Where nothing else was
 * ever counted in windows these are all of them: rows may be of before the baseline, such as a set that was dated when it came.
 */
export function windowsFromMs(
  baseline: BaselineProfile | null,
  calls: CallCounters | null,
  nowMs: number,
): number | null {
  const isFirst = baseline?.version === 1 && baseline.admittedAtMs <= nowMs && calls?.pastUntilMs === undefined;
  return isFirst ? -Infinity : comparedFromMs(baseline, calls, nowMs);
}

/** When logged predictions were last heard of; null when none ever was. Silence is about arrival, not about rows' times. */
export const lastHeardAtMs = ({ lastArrivalAtMs, lastPredictionAtMs }: CallCounters): number | null =>
  lastArrivalAtMs ?? lastPredictionAtMs;

/** Which versions answer. What was stored before that was kept knows the newest one only. */
export const answeredVersions = ({ versions, lastVersion }: CallCounters): AnsweredVersions =>
  versions ?? (lastVersion === null ? NO_VERSIONS : { ...NO_VERSIONS, served: [lastVersion] });

/** Answers name a version as long as one within this time of the newest does. */
const NAMES_VERSION_MS = 60_000;

/** The version in service by what the answers say; null where they say nothing of it, or do so no more. */
export function answeredVersion(counters: CallCounters): string | null {
  const { lastVersionAtMs, lastAnswerAtMs } = counters;
  if (lastVersionAtMs === undefined || (lastAnswerAtMs ?? 0) - lastVersionAtMs > NAMES_VERSION_MS) return null;
  return answeredVersions(counters).served.at(-1) ?? null;
}

/** Takes note of an answer's version; one that was not heard before is a change. */
function withVersion(counters: CallCounters, modelVersion: string, atMs: number): CallCounters {
  const known = answeredVersions(counters);
  // Answers that name a version for the first time: what was declared until then is the same version by another name.
  const { versions, cameAfter } =
    counters.lastVersion === null
      ? { versions: { ...known, served: [...known.served.slice(0, -1), modelVersion] }, cameAfter: null }
      : followVersion(known, modelVersion, atMs);
  const named = { ...counters, lastVersion: modelVersion, lastVersionAtMs: atMs, versions };
  if (cameAfter === null) return named;
  const text = `The answers' model version changed from ${cameAfter.slice(0, 60)} to ${modelVersion.slice(0, 60)}.`;
  return withChange(named, { atMs, kind: 'model-version', text });
}

const failedProbe = (
  { probeFailures }: CallCounters,
  reason: string,
  atMs: number,
): Pick<CallCounters, 'probeFailures' | 'lastProbeFailureAtMs'> => ({
  probeFailures: bump(probeFailures, reason),
  lastProbeFailureAtMs: atMs,
});

/** Counts one call; an answer of another model version is a change, unless newer answers have come before it. */
export function countCall(before: CallCounters, { atMs, failure, source, modelVersion }: Observation): CallCounters {
  const probed = source !== 'ingest';
  const isLate = before.lastAnswerAtMs !== null && atMs < before.lastAnswerAtMs;
  const counters = {
    ...before,
    calls: before.calls + 1,
    failures: failure === null ? before.failures : bump(before.failures, failure.reason),
    probes: before.probes + (probed ? 1 : 0),
    ...(probed && failure !== null ? failedProbe(before, failure.reason, atMs) : {}),
    lastProbeAtMs: probed ? latest(before.lastProbeAtMs, atMs) : before.lastProbeAtMs,
    lastPredictionAtMs: probed ? before.lastPredictionAtMs : latest(before.lastPredictionAtMs, atMs),
    lastAnswerAtMs: failure === null ? latest(before.lastAnswerAtMs, atMs) : before.lastAnswerAtMs,
    lastProbeAnswerAtMs:
      probed && failure === null
        ? atMs
        : hasAnsweredProbe(before)
          ? (before.lastProbeAnswerAtMs ?? before.lastAnswerAtMs)
          : null,
    ...(failure === null && before.consecutiveFailures > 0 ? { answersSinceMs: atMs } : {}),
    consecutiveFailures: failure === null ? 0 : before.consecutiveFailures + 1,
    ...(failure === null ? {} : { lastFailureReason: failure.reason }),
  };
  return isLate || modelVersion === null ? counters : withVersion(counters, modelVersion, atMs);
}
