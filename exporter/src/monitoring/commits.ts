import type { AuditNote } from '../domain/audit-note.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict, isAppError, NotFound, OutcomeUnknown, Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import { ONLY_EPOCH, ONLY_SHARD, type Clock, type Logger, type Store } from '../domain/ports.js';
import { inTurns } from '../domain/turns.js';
import type { ModelLanes } from '../incidents/model-lane.js';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import type { Member, WaitingRequest } from './member.js';
import type { ModelDraft } from './model-draft.js';
import { writeDraft, writeModel, type WrittenModel } from './persist.js';

export interface CommitPorts {
  readonly store: Pick<Store, 'atomic' | 'check' | 'awayBecause'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lanes: ModelLanes;
  readonly members: ReadonlyMap<ModelId, Member>;
  /** Puts a model in a member's place as it is stored; the caller holds its lane. */
  readonly reread: (member: Member) => Promise<void>;
}

/** How soon those that wait for their turn are told that the store is away. */
const AWAY_LOOKED_FOR_MS = 500;

interface Entry {
  readonly member: Member;
  readonly requests: readonly WaitingRequest[];
}

/**
 * Commits many models' increments in one transaction. One that fails it is committed alone until it succeeds, beside the others,
 * who do not wait for it. From preparing to counting, a model's lane is held, so that what is stored is what is counted afterwards.
 */
export class Commits {
  private readonly group: GroupCommit;
  private readonly single: GroupCommit;
  /** Models whose writes failed last, in a commit with others or alone. */
  private readonly alone = new Set<ModelId>();
  /** Members that are not what is stored of their models any more: they are read anew before anything is written of them. */
  private readonly outdated = new Set<Member>();

  constructor(
    private readonly ports: CommitPorts,
    delayMs: number,
  ) {
    const { clock } = ports;
    this.group = createGroupCommit(clock, delayMs, () => this.refusingWhileAway(() => this.writeTogether()));
    this.single = createGroupCommit(clock, delayMs, () => this.refusingWhileAway(() => this.writeAlone()));
  }

  /** Counts a batch with the next commit; null to have stored what was counted before. @throws Unavailable when the model cannot be written: then nothing was counted */
  async add(member: Member, batch: IngestBatch | null): Promise<IngestResult> {
    this.expectStore();
    return new Promise((resolve, reject) => {
      const { id } = member.monitored.model;
      if (this.ports.members.get(id) !== member) throw new NotFound(`model "${id}" was removed`, 'model');
      member.waiting.push({ batch, resolve, reject });
      this.request();
    });
  }

  /** @throws Unavailable while it is known that the store takes nothing: nobody is kept waiting for that */
  expectStore(): void {
    const away = this.ports.store.awayBecause();
    if (away !== null) throw cannotBeWritten(new Unavailable(away));
  }

  /** What no commit has taken yet is refused while the store is away; the one under way may have to find out first whether it happened. */
  private async refusingWhileAway<T>(write: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    this.refuseWhileAway(signal).catch((error: unknown) => this.logFault(error));
    return write().finally(() => over.abort());
  }

  private async refuseWhileAway(over: AbortSignal): Promise<void> {
    for (;;) {
      await this.ports.clock.sleep(AWAY_LOOKED_FOR_MS, over);
      // A clock that does not wait leaves the thread to the others, too.
      await new Promise((resolve) => setImmediate(resolve));
      if (over.aborted) return;
      const away = this.ports.store.awayBecause();
      if (away === null) continue;
      for (const { waiting } of this.ports.members.values())
        for (const request of waiting.splice(0)) request.reject(cannotBeWritten(new Unavailable(away)));
    }
  }

  /** Resolves when what was counted of the model until now is stored. @throws Unavailable when it cannot be written */
  async stored(member: Member): Promise<void> {
    await this.add(member, null);
  }

  /** Asks for a commit and waits for nothing. */
  request(): void {
    for (const group of this.alone.size === 0 ? [this.group] : [this.group, this.single])
      group.request().catch((error: unknown) => this.logFault(error));
  }

  /** Resolves when no commit is asked for or running. */
  async settle(): Promise<void> {
    await this.group.settle();
    await this.single.settle();
  }

  /** Commits now what is counted or waits. @returns why something could not be written, null when all was */
  async write(): Promise<Unavailable | null> {
    const together = await this.writeTogether();
    const alone = await this.writeAlone();
    await this.settle();
    return alone ?? together;
  }

  private async writeTogether(): Promise<Unavailable | null> {
    const { lanes, members } = this.ports;
    const due = [...members].filter(([id, member]) => !this.alone.has(id) && this.isDue(member));
    return lanes.runAll(
      due.map(([id]) => id),
      () => this.writeDue(due.filter(([id, member]) => members.get(id) === member && !this.alone.has(id))),
    );
  }

  private async writeAlone(): Promise<Unavailable | null> {
    const { lanes, members } = this.ports;
    let failed: Unavailable | null = null;
    for (const id of [...this.alone])
      failed =
        (await lanes.run(id, () => {
          const member = members.get(id);
          if (member === undefined) this.alone.delete(id);
          return this.writeDue(member !== undefined && this.isDue(member) ? [[id, member]] : []);
        })) ?? failed;
    return failed;
  }

  private isDue(member: Member): boolean {
    const { monitored, waiting, unstored } = member;
    return monitored.isDirty || waiting.length > 0 || unstored.size > 0 || this.outdated.has(member);
  }

  /** Commits members together whose lanes are held. */
  private async writeDue(due: readonly (readonly [ModelId, Member])[]): Promise<Unavailable | null> {
    const renewed = [];
    for (const [, member] of due) renewed.push(await this.upToDate(member));
    const failed = await this.commit(renewed.filter((member) => member !== null).map(entryOf));
    return renewed.includes(null) ? cannotBeWritten() : failed;
  }

  /** Commits one model whose lane the caller holds. @throws Unavailable when it cannot be written, or is not what is stored any more */
  async writeHeld(member: Member): Promise<void> {
    const error = await this.commit([entryOf(member)]);
    if (error !== null) throw error;
  }

  /**
   * Changes a model whose lane the caller holds, once the change is stored: what it counted before is stored first. The
   * member may be another afterwards: one that fails to count is read anew.
   * @param drafted makes the change; what it returns is written in the same transaction
   * @throws Unavailable when the store cannot be written, or what `drafted` throws; then nothing has changed
   */
  async change(before: Member, drafted: (draft: ModelDraft) => AuditNote | undefined): Promise<void> {
    const { store, clock, logger, members } = this.ports;
    const { id } = before.monitored.model;
    await this.writeHeld(before).catch(() => {
      throw notChanged(before.unwritten?.isAlone === true ? id : null);
    });
    const member = members.get(id);
    if (member === undefined || this.outdated.has(member)) throw notChanged();
    const { monitored } = member;
    const now = clock.now();
    const draft = monitored.draft();
    const decided = drafted(draft);
    const counted = draft.records(now);
    await writeDraft(store, id, counted.records, decided).catch((error: unknown) => {
      logger.error({ model: id, error: textOf(error) }, 'a change could not be written');
      if (error instanceof OutcomeUnknown) this.outdated.add(member);
      throw isAppError(error) ? error : notChanged();
    });
    try {
      monitored.become(draft, counted, now);
    } catch (error) {
      await this.readAnew(member, error);
    }
  }

  /** @returns the member itself, or the one that took its place; null when it is outdated and cannot be read anew: its requests are refused */
  private async upToDate(member: Member): Promise<Member | null> {
    if (!this.outdated.has(member)) return member;
    const { reread, members, logger } = this.ports;
    const { id } = member.monitored.model;
    try {
      await reread(member);
    } catch (error) {
      logger.error({ model: id, error: textOf(error) }, 'a model could not be read anew');
      for (const request of member.waiting.splice(0)) request.reject(cannotBeWritten());
      return null;
    }
    this.outdated.delete(member);
    const now = members.get(id) ?? null;
    now?.waiting.push(...member.waiting.splice(0));
    return now;
  }

  /** Whether a member is what is stored of its model, and may be written. */
  private isStored(member: Member): boolean {
    return this.ports.members.get(member.monitored.model.id) === member && !this.outdated.has(member);
  }

  /**
   * Commits some in one transaction; each that is written comes by here.
   * @returns why the last of them could not be written, null when all were
   */
  private commit(asked: readonly Entry[]): Promise<Unavailable | null> {
    return this.together(asked).catch((error: unknown) => {
      // A fault of the program: it keeps nobody waiting, and nobody knows how far it came.
      const refused = this.refuseOutdated(asked, cannotBeWritten());
      this.logFault(error);
      return refused;
    });
  }

  private async together(asked: readonly Entry[]): Promise<Unavailable | null> {
    const { store, clock } = this.ports;
    const entries = asked.filter(({ member }) => this.isStored(member));
    const refused = entries.length < asked.length ? cannotBeWritten() : null;
    // What is of a member that has been replaced by what is stored of it, or cannot be.
    if (refused !== null)
      for (const { member, requests } of asked)
        if (!this.isStored(member)) for (const request of requests) request.reject(refused);
    if (entries.length === 0) return refused;
    const now = clock.now();
    const failing: Entry[] = [];
    const written = await store
      .atomic(ONLY_SHARD, ONLY_EPOCH, async (increments) => {
        const models = [];
        for (const entry of entries) {
          failing[0] = entry;
          models.push(await writeModel(increments, entry.member, entry.requests, now));
        }
        failing.length = 0;
        return models;
      })
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (written instanceof OutcomeUnknown) {
      this.logFailed(entries, written);
      return this.refuseOutdated(entries, written);
    }
    if (written instanceof Error) return (await this.apart(entries, written, failing[0])) ?? refused;
    for (const model of written) {
      try {
        await this.settleModel(model, now);
      } catch (error) {
        await this.readAnew(model.member, error);
      }
    }
    return refused;
  }

  /** Written again from memory, what has been stored after all would be undone: it is read anew first. */
  private refuseOutdated(entries: readonly Entry[], error: Unavailable): Unavailable {
    for (const { member, requests } of entries) {
      this.outdated.add(member);
      for (const request of requests) request.reject(error);
    }
    return error;
  }

  /** What is in memory may be half of what is stored: written, it would undo what was just acknowledged. */
  private async readAnew(member: Member, error: unknown): Promise<void> {
    this.ports.logger.error({ model: member.monitored.model.id, error: textOf(error) }, 'counting failed');
    this.outdated.add(member);
    await this.upToDate(member);
  }

  private async settleModel({ member, written, answers, stored }: WrittenModel, nowMs: number): Promise<void> {
    const { observations, labels } = written.staged.rows;
    if (member.unwritten !== null) member.monitored.touch();
    member.unwritten = null;
    // What was asked for meanwhile may have found it among neither.
    if (this.alone.delete(member.monitored.model.id)) this.request();
    for (const batchId of stored) member.unstored.delete(batchId);
    if (observations.length + labels.length > 0) member.needsEvaluation = true;
    try {
      await inTurns(member.monitored.settle(written, nowMs), observations.length);
      // Whoever sent them is answered once that is stored, too.
      if (observations.length > 0 && written.counted.records.counters.judgesAtOnce === true)
        await this.commit([{ member, requests: [] }]);
    } finally {
      // Whatever has happened, the rows are stored, and whoever sent them must not send them again.
      for (const { request, result } of answers)
        if (result instanceof Conflict) request.reject(result);
        else request.resolve(result);
    }
  }

  /**
   * Unless the store takes nothing at all, the one in whose write it failed is committed alone from now on; where it was in
   * none's, halves are tried.
   */
  private async apart(entries: readonly Entry[], error: Error, failing?: Entry): Promise<Unavailable | null> {
    const [only] = entries;
    const isAlone = entries.length === 1 && only !== undefined;
    const isStoreUp = await this.isStoreUp();
    if (isStoreUp) this.setApart(failing ?? (isAlone ? only : undefined));
    if (isAlone || !isStoreUp) {
      // A damaged row is of one request as a rule: the others of the model are not refused with it.
      if (isAlone && only.requests.length > 1 && error instanceof StoreDocumentDamaged)
        return this.oneByOne(only.member, only.requests);
      return this.refuse(entries, error, isAlone && isStoreUp ? only.member.monitored.model.id : null);
    }
    if (failing !== undefined) {
      failing.member.waiting.unshift(...failing.requests);
      return this.commit(entries.filter((entry) => entry !== failing));
    }
    const middle = Math.ceil(entries.length / 2);
    const first = await this.commit(entries.slice(0, middle));
    return (await this.commit(entries.slice(middle))) ?? first;
  }

  private setApart(entry: Entry | undefined): void {
    const id = entry?.member.monitored.model.id;
    if (id === undefined || this.alone.has(id)) return;
    this.alone.add(id);
    this.request();
  }

  /** @param alone the model, where it was written by itself */
  private refuse(entries: readonly Entry[], error: Error, alone: ModelId | null): Unavailable {
    const unavailable = error instanceof StoreDocumentDamaged ? cannotBeRead(error) : cannotBeWritten(error, alone);
    this.logFailed(entries, error);
    for (const { member, requests } of entries) {
      const sinceMs = member.unwritten?.sinceMs ?? this.ports.clock.now();
      member.unwritten = { sinceMs, isAlone: alone !== null };
      member.monitored.touch();
      for (const request of requests) request.reject(unavailable);
    }
    return unavailable;
  }

  private logFailed(entries: readonly Entry[], error: Error): void {
    const models = entries.map(({ member }) => member.monitored.model.id);
    this.ports.logger.error({ models, error: textOf(error) }, 'commit failed');
  }

  private logFault(error: unknown): void {
    this.ports.logger.error({ error: textOf(error) }, 'commit failed');
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

/**
 * @param why what the store said; told where it is the store's own reason
 * @param alone the model, where it was written by itself
 */
function cannotBeWritten(why?: unknown, alone: ModelId | null = null): Unavailable {
  const what = alone === null ? 'the store cannot be written' : `model "${alone}" cannot be stored`;
  const reason = why instanceof Unavailable ? why.message : alone === null ? null : IN_LOG;
  return new Unavailable(`${what} now and nothing was counted; send it again${reason === null ? '' : ` (${reason})`}`);
}
const IN_LOG = '“commit failed” in mlfi’s log says why';

/** The same request fails the same way until the row is restored. */
export const cannotBeRead = ({ place, why, detail }: StoreDocumentDamaged): Unavailable =>
  new Unavailable(
    `nothing was counted, for something that is stored cannot be read: ${new StoreDocumentDamaged(place, why, detail).message}`,
    60,
  );

/** @param alone the model, where it was written by itself */
const notChanged = (alone: ModelId | null = null): Unavailable =>
  new Unavailable(
    alone === null
      ? 'the store cannot be written now and nothing has changed; send it again'
      : `model "${alone}" cannot be stored now and nothing has changed; send it again (${IN_LOG})`,
  );

/** What is outside of mlfi needs no stack: its words say it. */
const textOf = (error: unknown): string =>
  error instanceof Error && !(error instanceof Unavailable) ? (error.stack ?? error.message) : String(error);

/** From here on the requests are this commit's. */
const entryOf = (member: Member): Entry => ({ member, requests: member.waiting.splice(0) });
