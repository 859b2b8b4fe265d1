import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict, OutcomeUnknown, type Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestResult } from '../domain/ingest.js';
import { ONLY_EPOCH, ONLY_SHARD, type Clock, type IncrementStore, type Logger, type Store } from '../domain/ports.js';
import { inTurns } from '../domain/turns.js';
import { unwritable, writable, type Member, type WaitingRequest } from './member.js';
import type { OutdatedMembers } from './outdated-members.js';
import { passed } from './passed.js';
import { writeModel, type WrittenModel } from './persist.js';
import { cannotBeRead, cannotBeWritten, textOf } from './refusals.js';

/** Nobody waits longer than this for an answer, not even to learn whether what was sent is stored. */
const ANSWERED_WITHIN_MS = 25_000;
/** A model that takes so long to write is committed alone; a commit that has taken so long takes in no other model. */
const SLOW_MS = 2_000;

export interface JointCommitPorts {
  readonly store: Pick<Store, 'atomic' | 'check' | 'awayBecause'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

/** A member, and which of its requests are to be committed; null for those that wait when it is written: until then they may be refused. */
export interface Entry {
  readonly member: Member;
  readonly requests: readonly WaitingRequest[] | null;
}

/** The same once its requests are the commit's. */
interface Taken extends Entry {
  readonly requests: readonly WaitingRequest[];
}

/** What is told when a commit takes long: it goes on without these, which come with the next one. */
export type LeftOut = (models: readonly ModelId[]) => void;

/** How far a transaction has come. */
interface Attempt {
  /** Those it has taken, in their order. */
  readonly taken: Taken[];
  readonly written: WrittenModel[];
  /** Models that were written and took long. */
  readonly slow: Set<Member>;
  /** In whose write it is. */
  failing: Entry | null;
  /** It has taken long: no other is taken any more. */
  isClosed: boolean;
}

/**
 * Writes many models' increments in one transaction. One that fails it, or takes long, is committed alone from then on until it
 * does not. The caller holds the lanes of all from preparing to counting, so that what is stored is what is counted afterwards.
 */
export class JointCommit {
  private readonly apart = new Set<ModelId>();

  /** @param request asks for the next commits and waits for nothing */
  constructor(
    private readonly ports: JointCommitPorts,
    private readonly outdated: OutdatedMembers,
    private readonly request: () => void,
  ) {}

  /** Models whose last write failed or took long, in a commit with others or alone. */
  get alone(): ReadonlySet<ModelId> {
    return this.apart;
  }

  /** There is no such model any more. */
  forget(id: ModelId): void {
    this.apart.delete(id);
  }

  /**
   * Commits some in one transaction; each that is written comes by here.
   * @param leftOut told once the commit takes long; null where none may be left out
   * @returns why the last of them could not be written, null when all were
   */
  commit(asked: readonly Entry[], leftOut: LeftOut | null = null): Promise<Unavailable | null> {
    const attempt: Attempt = { taken: [], written: [], slow: new Set(), failing: null, isClosed: false };
    return this.together(asked, attempt, leftOut).catch((error: unknown) => {
      // A fault of the program: it keeps nobody waiting, and nobody knows how far it came.
      const refused = cannotBeWritten();
      for (const entry of heldBy(attempt, asked)) {
        this.outdated.add(entry.member);
        rejectAll(entry, refused);
      }
      this.ports.logger.error({ error: textOf(error) }, 'commit failed');
      return refused;
    });
  }

  private async together(
    asked: readonly Entry[],
    attempt: Attempt,
    leftOut: LeftOut | null,
  ): Promise<Unavailable | null> {
    const { store, clock } = this.ports;
    const entries = asked.filter(({ member }) => this.outdated.isStored(member));
    const refused = entries.length < asked.length ? cannotBeWritten() : null;
    // What is of a member that has been replaced by what is stored of it, or cannot be.
    if (refused !== null)
      for (const entry of asked) if (!this.outdated.isStored(entry.member)) rejectAll(entry, refused);
    if (entries.length === 0) return refused;
    const now = clock.now();
    const over = new AbortController();
    const close = (): void => this.close(entries, attempt, leftOut);
    const error = await store
      .atomic(ONLY_SHARD, ONLY_EPOCH, (increments) => {
        if (leftOut !== null) void passed(clock, SLOW_MS, over.signal).then((isSlow) => isSlow && close());
        return this.writeSome(increments, entries, attempt, now, close);
      })
      .then(
        () => null,
        (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
    try {
      if (error !== null && !(error instanceof OutcomeUnknown))
        return (await this.without(heldBy(attempt, entries), error, attempt, leftOut)) ?? refused;
      if (error !== null) this.unknown(attempt.written, error);
      // Who has sent little does not wait until the many rows of others are judged.
      else
        for (const model of attempt.written.toSorted((a, b) => rowsOf(a) - rowsOf(b)))
          await this.settleModel(model, now, attempt.slow.has(model.member));
      return error ?? refused;
    } finally {
      over.abort();
    }
  }

  /** Writes one after the other until it takes long. */
  private async writeSome(
    increments: IncrementStore,
    entries: readonly Entry[],
    attempt: Attempt,
    nowMs: number,
    close: () => void,
  ): Promise<void> {
    const begunAtMs = performance.now();
    for (const { member, requests } of entries) {
      if (attempt.isClosed) break;
      const entry: Taken = { member, requests: requests ?? member.waiting.splice(0) };
      attempt.taken.push(entry);
      attempt.failing = entry;
      const startedAtMs = performance.now();
      attempt.written.push(await writeModel(increments, member, entry.requests, nowMs));
      const writtenAtMs = performance.now();
      if (writtenAtMs - startedAtMs >= SLOW_MS) attempt.slow.add(member);
      if (writtenAtMs - begunAtMs >= SLOW_MS) close();
    }
    attempt.failing = null;
  }

  /** The others then come with the next commit, which waits for none of these. */
  private close(entries: readonly Entry[], attempt: Attempt, leftOut: LeftOut | null): void {
    if (leftOut === null || attempt.isClosed) return;
    attempt.isClosed = true;
    leftOut(entries.slice(attempt.taken.length).map(({ member }) => member.monitored.model.id));
  }

  /** Counts what is stored. */
  private async settleModel({ member, written, answers, stored }: WrittenModel, nowMs: number, isSlow: boolean) {
    const { observations, labels } = written.staged.rows;
    const { id } = member.monitored.model;
    writable(member);
    if (isSlow) this.setApart(member);
    // What was asked for meanwhile may have found it among neither.
    else if (this.apart.delete(id)) this.request();
    for (const batchId of stored) member.unstored.delete(batchId);
    if (observations.length + labels.length > 0) member.needsEvaluation = true;
    try {
      await inTurns(member.monitored.settle(written, nowMs), observations.length);
      // Whoever sent them is answered once that is stored, too.
      if (observations.length > 0 && written.counted.records.counters.judgesAtOnce === true)
        await this.commit([{ member, requests: [] }]);
    } catch (error) {
      // What is in memory may be half of what is stored: written, it would undo what was just acknowledged.
      this.ports.logger.error({ model: id, error: textOf(error) }, 'counting failed');
      this.outdated.add(member);
    }
    // Whatever has happened, the rows are stored, and whoever sent them must not send them again.
    for (const { request, result } of answers) answer(request, result);
    await this.outdated.upToDate(member);
  }

  /**
   * Nobody knows whether it has happened: nothing more is written of these models until the store says so, for what has been
   * stored after all would be undone. The others do not wait for it.
   */
  private unknown(written: readonly WrittenModel[], error: OutcomeUnknown): void {
    const members = written.map(({ member }) => member);
    this.logFailed(members, error);
    const known = this.outdated.untilKnown(members, error);
    void known.then(() => this.request());
    for (const { answers } of written)
      for (const { request, result } of answers) void this.answerOnceKnown(request, result, error, known);
  }

  private async answerOnceKnown(
    request: WaitingRequest,
    result: IngestResult | Conflict,
    error: OutcomeUnknown,
    known: Promise<boolean>,
  ): Promise<void> {
    const isKnown = new AbortController();
    const late = this.ports.clock.sleep(
      Math.max(0, request.sinceMs + ANSWERED_WITHIN_MS - performance.now()),
      isKnown.signal,
    );
    const hasHappened = await Promise.race([known, late.then(() => null)]).finally(() => isKnown.abort());
    if (hasHappened === true) answer(request, result);
    else request.reject(hasHappened === null ? error : cannotBeWritten());
  }

  /**
   * Unless the store takes nothing at all, the one in whose write it failed is committed alone from now on, and so are those that
   * took long; where it was in none's, halves are tried.
   */
  private async without(
    entries: readonly Entry[],
    error: Error,
    { failing, slow, taken, isClosed }: Attempt,
    leftOut: LeftOut | null,
  ): Promise<Unavailable | null> {
    const [only] = entries;
    // One that others were waiting with is tried by itself first.
    const isAlone = entries.length === 1 && only !== undefined && !isClosed;
    const isStoreUp = await this.isStoreUp();
    const apart = entries.filter((entry) => entry === failing || slow.has(entry.member) || isAlone);
    if (isStoreUp) for (const { member } of apart) this.setApart(member);
    if (isAlone || !isStoreUp) {
      const requests = only?.requests ?? [];
      // A damaged row is of one request as a rule: the others of the model are not refused with it.
      if (isAlone && requests.length > 1 && error instanceof StoreDocumentDamaged)
        return this.oneByOne(only.member, requests);
      return this.refuse(entries, error, isAlone && isStoreUp ? only.member.monitored.model.id : null);
    }
    for (const { member, requests } of taken) member.waiting.unshift(...requests);
    const others = entries.filter((entry) => !apart.includes(entry)).map(({ member }) => ({ member, requests: null }));
    if (apart.length > 0) return this.commit(others, leftOut);
    const middle = Math.ceil(others.length / 2);
    const first = await this.commit(others.slice(0, middle), leftOut);
    return (await this.commit(others.slice(middle), leftOut)) ?? first;
  }

  private setApart({ monitored: { model } }: Member): void {
    if (this.apart.has(model.id)) return;
    this.apart.add(model.id);
    this.request();
  }

  /** @param alone the model, where it was written by itself */
  private refuse(entries: readonly Entry[], error: Error, alone: ModelId | null): Unavailable {
    const unavailable = error instanceof StoreDocumentDamaged ? cannotBeRead(error) : cannotBeWritten(error, alone);
    this.logFailed(
      entries.map(({ member }) => member),
      error,
    );
    for (const entry of entries) {
      unwritable(entry.member, this.ports.clock.now(), alone !== null);
      rejectAll(entry, unavailable);
    }
    return unavailable;
  }

  private logFailed(members: readonly Member[], error: Error): void {
    const models = members.map(({ monitored }) => monitored.model.id);
    this.ports.logger.error({ models, error: textOf(error) }, 'commit failed');
  }

  private isStoreUp(): Promise<boolean> {
    const { store } = this.ports;
    if (store.awayBecause() !== null) return Promise.resolve(false);
    return store.check().then(
      () => true,
      () => false,
    );
  }

  /** Commits a model's requests each by itself. @returns why the last of them could not be written, null when all were */
  private async oneByOne(member: Member, requests: readonly WaitingRequest[]): Promise<Unavailable | null> {
    let failed: Unavailable | null = null;
    for (const request of requests) failed = (await this.commit([{ member, requests: [request] }])) ?? failed;
    return failed;
  }
}

/** What is the commit's: all it was asked for, but what it has left out. */
const heldBy = ({ taken, isClosed }: Attempt, asked: readonly Entry[]): readonly Entry[] =>
  isClosed ? taken : [...taken, ...asked.slice(taken.length)];

function rejectAll({ member, requests }: Entry, why: Unavailable): void {
  for (const request of requests ?? member.waiting.splice(0)) request.reject(why);
}

const rowsOf = ({ written: { staged } }: WrittenModel): number => staged.rows.observations.length;

function answer(request: WaitingRequest, result: IngestResult | Conflict): void {
  if (result instanceof Conflict) request.reject(result);
  else request.resolve(result);
}
