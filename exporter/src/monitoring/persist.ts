import type { AuditNote } from '../domain/audit-note.js';
import { featureReadingsCodec } from '../baseline/feature-kinds.js';
import { driftMonitorCodec } from '../detection/sequential/drift-monitor-state.js';
import type { ModelId } from '../domain/identifiers.js';
import type { LogPositions } from '../domain/log-position.js';
import { Conflict } from '../domain/errors.js';
import { isSameBatch, type IngestBatch, type IngestResult, type TakenBatch } from '../domain/ingest.js';
import {
  ONLY_EPOCH,
  ONLY_SHARD,
  type GovernanceTransaction,
  type IncrementStore,
  type Store,
} from '../domain/ports.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { Validation } from '../domain/validation.js';
import { newestFirst } from '../domain/stored-windows.js';
import { inTurns } from '../domain/turns.js';
import { mergeWindows } from '../statistics/window-profile.js';
import { afterStart, callCountersCodec, windowsFromMs } from './call-counters.js';
import { AHEAD_MS, withoutFuture } from './clock-set-back.js';
import { noteOn, type SplitRows } from './first-rows.js';
import type { Records, StoredModelState, Written } from './increment.js';
import { LABELLED_WINDOWS_KEPT, labelledWindow, type LabelledWindow } from './label-history.js';
import { matchedIn, type MatchedLabel } from './label-joiner.js';
import { logPositionsCodec, PositionsInCommit } from './log-positions.js';
import type { Member, WaitingRequest } from './member.js';
import type { Window } from './window.js';

const WINDOWS_RESTORED_MS = 7 * 86_400_000;
/** Windows that are read at once, whole and without features: what a turn of the event loop can bear. */
const WINDOWS_PER_PAGE = 10;
const OUTLINES_PER_PAGE = 20;
const WINDOWS_AMENDED_AT_ONCE = 20;
const NONE: LogPositions = new Map();
/** Newer ones that were interrupted or failed hide no earlier verdict. */
const VALIDATIONS_READ = 20;

/**
 * Reads what was stored of a model, and the newest finished verdict on a candidate of it.
 * @param latestMs what is dated later was dated by a clock that was ahead
 */
export async function readModelState(
  store: IncrementStore & Pick<Store, 'validations'>,
  id: ModelId,
  nowMs: number,
  { windowSamples }: Pick<DetectionThresholds, 'windowSamples'>,
  latestMs = nowMs,
): Promise<StoredModelState & { readonly validation: Validation | null }> {
  const [stored, monitor, labelEvidence, kinds, baseline, learning, validations] = await Promise.all([
    store.callCounters.get(id, callCountersCodec),
    store.driftMonitors.get(id, driftMonitorCodec),
    store.labelEvidence.list(id),
    store.featureKinds.get(id, featureReadingsCodec),
    store.baselines.current(id),
    store.baselines.learning(id),
    store.validations.list(id, VALIDATIONS_READ),
  ]);
  const counters = stored === null ? null : afterStart(withoutFuture(stored, latestMs));
  const newestMs = counters?.lastPredictionAtMs ?? counters?.lastProbeAtMs ?? nowMs;
  const fromMs = Math.max(windowsFromMs(baseline, counters, latestMs) ?? newestMs, newestMs - WINDOWS_RESTORED_MS);
  const untilMs = Math.min(Number.MAX_SAFE_INTEGER, latestMs + AHEAD_MS);
  // What was lost with the process is judged by its counts.
  const callsWanted = Math.max(windowSamples, counters?.waiting ?? 0);
  const windows = baseline === null ? [] : await judgedWindows(store.windows, id, fromMs, untilMs, callsWanted);
  const [oldest] = windows;
  return {
    counters,
    monitor,
    labelEvidence,
    kinds,
    baseline,
    learning,
    windows,
    aheadMs: baseline === null ? [] : await startsFrom(store.windows, id, untilMs),
    olderLabels: oldest === undefined ? [] : await labelsBefore(store.windows, id, fromMs, oldest.windowStartMs),
    validation: validations.find(({ state }) => state === 'finished') ?? null,
  };
}

/** The newest window and as many before it as hold so many calls; `windowSamples` is what `Windows.trim` keeps. Oldest first. */
async function judgedWindows(
  windows: IncrementStore['windows'],
  id: ModelId,
  fromMs: number,
  toMs: number,
  callsWanted: number,
): Promise<readonly Window[]> {
  const kept: Window[] = [];
  let callsBeforeNewest = 0;
  const pages = { fromMs, toMs, limit: WINDOWS_PER_PAGE };
  for await (const window of newestFirst((page) => windows.newest(id, page), pages)) {
    if (callsBeforeNewest >= callsWanted) break;
    if (kept.length > 0) callsBeforeNewest += window.profile.calls;
    kept.push(window);
  }
  return kept.reverse();
}

/** Starts of the windows that a wrong clock dated later than this. */
async function startsFrom(windows: IncrementStore['windows'], id: ModelId, fromMs: number): Promise<readonly number[]> {
  const starts: number[] = [];
  const pages = { fromMs, toMs: Number.MAX_SAFE_INTEGER, limit: OUTLINES_PER_PAGE };
  for await (const { windowStartMs } of newestFirst((page) => windows.newestOutlines(id, page), pages))
    starts.push(windowStartMs);
  return starts;
}

/** Labels of the newest windows that start in [fromMs, toMs), oldest first. */
async function labelsBefore(
  windows: IncrementStore['windows'],
  id: ModelId,
  fromMs: number,
  toMs: number,
): Promise<readonly LabelledWindow[]> {
  const labels: LabelledWindow[] = [];
  const pages = { fromMs, toMs, limit: OUTLINES_PER_PAGE };
  for await (const window of newestFirst((page) => windows.newestOutlines(id, page), pages)) {
    if (labels.length === LABELLED_WINDOWS_KEPT) break;
    labels.push(labelledWindow(window));
  }
  return labels.reverse();
}

/** Changes the list of models; where somebody asked for it, with the entry of the audit log in the same transaction. */
export function writeModels(
  store: Pick<Store, 'models' | 'governance'>,
  audit: AuditNote | undefined,
  work: (models: GovernanceTransaction['models']) => Promise<void>,
): Promise<void> {
  if (audit === undefined) return work(store.models);
  return store.governance(async (transaction) => {
    await work(transaction.models);
    await audit(transaction);
  });
}

/** Writes what a draft is, and `decided` in the same transaction. */
export async function writeDraft(
  store: Pick<Store, 'atomic'>,
  id: ModelId,
  records: Records,
  decided: AuditNote | undefined,
): Promise<void> {
  await store.atomic(ONLY_SHARD, ONLY_EPOCH, async (increments) => {
    if (decided === undefined) return writeRecords(increments, id, records);
    // Decisions first: whoever decides waits for others who do, and holds nothing meanwhile that they may need.
    await increments.governance(async (transaction) => {
      await writeRecords(increments, id, records);
      await decided(transaction);
    });
  });
}

async function writeRecords(store: IncrementStore, id: ModelId, records: Records): Promise<void> {
  if (records.baseline !== null) await store.baselines.save(id, records.baseline);
  if (records.learning !== null) await store.baselines.saveLearning(id, records.learning);
  await store.windows.saveAll(records.windows.map((window) => ({ model: id, ...window })));
  await writeAmended(store.windows, id, records.amendments);
  await store.callCounters.save(id, callCountersCodec, records.counters);
  if (records.kinds !== null) await store.featureKinds.save(id, featureReadingsCodec, records.kinds);
  const { heldBefore, added } = records.labelEvidence;
  if (heldBefore !== null) await store.labelEvidence.drop(id, heldBefore);
  for (const { first, labels } of added) await store.labelEvidence.add(id, first, labels);
  if (records.detectors !== null) await store.driftMonitors.save(id, driftMonitorCodec, records.detectors);
}

/** Adds what has come late for windows to what is stored of them. */
async function writeAmended(
  windows: IncrementStore['windows'],
  id: ModelId,
  amendments: Iterable<Window>,
): Promise<void> {
  for (const late of inPieces(amendments, WINDOWS_AMENDED_AT_ONCE)) {
    const startsMs = late.map(({ windowStartMs }) => windowStartMs);
    const found = await windows.at(id, startsMs);
    const stored = new Map(found.map(({ windowStartMs, profile }) => [windowStartMs, profile]));
    await windows.saveAll(
      late.map(({ windowStartMs, profile }) => {
        const before = stored.get(windowStartMs);
        return { model: id, windowStartMs, profile: before === undefined ? profile : mergeWindows(before, profile) };
      }),
    );
  }
}

function* inPieces<T>(all: Iterable<T>, size: number): Generator<readonly T[]> {
  let piece: T[] = [];
  for (const each of all) {
    piece.push(each);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** One model's part of a commit, written but perhaps not committed. */
export interface WrittenModel {
  readonly member: Member;
  readonly written: Written;
  readonly answers: readonly { readonly request: WaitingRequest; readonly result: IngestResult | Conflict }[];
  /** Batch ids that were counted before and are stored now. */
  readonly stored: readonly string[];
}

interface Identified {
  /** What is answered already. */
  readonly known: Map<WaitingRequest, IngestResult | Conflict>;
  /** Those whose batch id another request of the same commit has, which came first. */
  readonly repeats: ReadonlyMap<WaitingRequest, WaitingRequest>;
}

/** Tells requests whose batch id was taken before, or is taken in the same commit, or whose log has moved on, from the others. */
async function identified(
  store: Pick<IncrementStore, 'batches'>,
  { monitored, unstored }: Member,
  requests: readonly WaitingRequest[],
  positions: PositionsInCommit,
): Promise<Identified> {
  const known = new Map<WaitingRequest, IngestResult | Conflict>();
  const repeats = new Map<WaitingRequest, WaitingRequest>();
  const first = new Map<string, WaitingRequest>();
  for (const request of requests) {
    const { batch } = request;
    const movedOn = positions.take(batch?.steps ?? []);
    if (movedOn !== null) known.set(request, movedOn);
    const batchId = batch?.batchId ?? null;
    if (batch === null || batchId === null) continue;
    const earlier = first.get(batchId);
    const taken =
      unstored.get(batchId) ?? (earlier === undefined ? await store.batches.find(monitored.model.id, batchId) : null);
    if (taken !== null) known.set(request, repeated(batch, taken));
    else if (earlier !== undefined) repeats.set(request, earlier);
    else first.set(batchId, request);
  }
  return { known, repeats };
}

/**
 * Writes one model's increment: what was counted since the last commit and the rows that wait, each batch id once. Changes
 * nothing in memory, so that a transaction that does not commit has changed nothing.
 */
export async function writeModel(
  store: IncrementStore,
  member: Member,
  requests: readonly WaitingRequest[],
  nowMs: number,
): Promise<WrittenModel> {
  const { monitored, unstored } = member;
  const { id } = monitored.model;
  const hasSteps = requests.some(({ batch }) => batch?.steps !== undefined);
  const positions = new PositionsInCommit(
    (hasSteps ? await store.logPositions.get(id, logPositionsCodec) : null) ?? NONE,
  );
  const { known, repeats } = await identified(store, member, requests, positions);
  const fresh = requests.filter((request) => !known.has(request) && !repeats.has(request));
  const staged = monitored.stage(
    {
      observations: fresh.flatMap(({ batch }) => batch?.observations ?? []),
      senders: fresh.map(({ batch }) => ({
        sender: batch?.sender ?? '',
        rows: batch?.observations.length ?? 0,
      })),
      labels: fresh.flatMap(({ batch }) => batch?.labels ?? []),
    },
    nowMs,
  );
  const join = await monitored.join(store.ledger, staged, nowMs);
  const counted = await inTurns(staged.records(matchedIn(join), nowMs));
  const waiting = new Set(join.waiting.begun);
  await writeRecords(store, id, counted.records);
  if (positions.changed !== null) await store.logPositions.save(id, logPositionsCodec, positions.changed);
  let labelsBefore = join.kept.labels;
  for (const request of fresh) {
    const labels = request.batch?.labels.length ?? 0;
    const judged = join.judged.slice(labelsBefore, labelsBefore + labels);
    const labelsWaiting = join.labels
      .slice(labelsBefore, labelsBefore + labels)
      .filter((label) => waiting.has(label)).length;
    const result = { ...resultOf(request, judged, staged.split), labelsWaiting };
    labelsBefore += labels;
    known.set(request, result);
    const batchId = request.batch?.batchId ?? null;
    if (batchId !== null)
      await store.batches.save(id, batchId, { result, bodyDigest: request.batch?.bodyDigest ?? null }, nowMs);
  }
  for (const [batchId, taken] of unstored) await store.batches.save(id, batchId, taken, nowMs);
  for (const [request, earlier] of repeats) {
    const result = known.get(earlier);
    if (result === undefined || result instanceof Conflict || request.batch === null) continue;
    const taken = { result, bodyDigest: earlier.batch?.bodyDigest ?? null };
    const { batch } = request;
    known.set(request, repeated(batch, taken));
  }
  const answers = [...known].map(([request, result]) => ({ request, result }));
  return { member, written: { staged, join, counted }, answers, stored: [...unstored.keys()] };
}

/**
 * What a batch is answered whose identity was taken before: what it was answered then; a conflict when it comes with
 * another body, or is to be read otherwise, which must not be lost in silence.
 */
export function repeated(
  { batchId, bodyDigest }: Pick<IngestBatch, 'batchId' | 'bodyDigest'>,
  taken: TakenBatch,
): IngestResult | Conflict {
  if (bodyDigest !== null && taken.bodyDigest !== null && !isSameBatch(bodyDigest, taken.bodyDigest))
    return new Conflict(
      `batch_id "${batchId ?? ''}" was taken before with another body, content type, map or route, and nothing of this one was counted; a new batch needs a new batch_id`,
      'batch_id',
    );
  return { ...taken.result, duplicate: true };
}

/** @param judged what became of the request's labels, in their order */
function resultOf(
  { batch }: WaitingRequest,
  judged: readonly (MatchedLabel | null)[],
  split: Pick<SplitRows, 'told'>,
): IngestResult {
  const labelsMatched = judged.filter((each) => each !== null).length;
  return { ...acceptedOf(batch, split), labelsMatched, labelsUnmatched: judged.length - labelsMatched };
}

/** A batch that is taken, before its labels have met their answers. @param split how the rows of it, and of others taken with it, were taken */
export function acceptedOf(batch: WaitingRequest['batch'], split: Pick<SplitRows, 'told'>): IngestResult {
  const note = noteOn(split, batch?.observations.length ?? 0);
  return {
    accepted: (batch?.observations.length ?? 0) + (batch?.labels.length ?? 0),
    labelsInRows:
      batch?.observations.filter(({ prediction, label }) => prediction !== null && label !== null).length ?? 0,
    labelsMatched: 0,
    labelsUnmatched: 0,
    labelsWaiting: 0,
    rejected: batch?.rejected ?? 0,
    rejectedByReason: batch?.rejectedByReason ?? {},
    errors: batch?.errors ?? [],
    notes: [...(batch?.notes ?? []), ...(note === null ? [] : [note])],
    duplicate: false,
  };
}
