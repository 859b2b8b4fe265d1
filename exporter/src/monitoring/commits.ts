import type { AuditNote } from '../domain/audit-note.js';
import { isAppError, NotFound, OutcomeUnknown, Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import type { Clock, Logger, Store } from '../domain/ports.js';
import type { ModelLanes } from '../incidents/model-lane.js';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import { JointCommit, type LeftOut } from './joint-commit.js';
import { LaneTurns } from './lane-turns.js';
import { unwritable, type Member } from './member.js';
import type { ModelDraft } from './model-draft.js';
import { OutdatedMembers } from './outdated-members.js';
import { passed } from './passed.js';
import { writeDraft } from './persist.js';
import { cannotBeWritten, notChanged, textOf } from './refusals.js';

export interface CommitPorts {
  readonly store: Pick<Store, 'atomic' | 'check' | 'awayBecause'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lanes: ModelLanes;
  readonly members: ReadonlyMap<ModelId, Member>;
  /** Puts a model in a member's place as it is stored; the caller holds its lane. */
  readonly reread: (member: Member) => Promise<void>;
}

/** How soon those that wait for their turn are told that the store is away, or that it is not theirs. */
const LOOKED_FOR_MS = 500;
/** Nobody waits longer than this for a commit that has not begun. */
const LONGEST_WAIT_MS = 20_000;
/** A commit goes on without a model whose lane is held for longer. */
const LANE_MS = 1_000;
/** What was counted and nobody waits for comes after those that do for so long. */
const LONGEST_UNWRITTEN_MS = 10_000;
/** Nobody waits for what mlfi's own probes said: of a fleet so many models a second are written, and each after so long at most. */
const PUT_OFF_MS_PER_MODEL = 300;
const LONGEST_PUT_OFF_MS = 300_000;
/** Commits that take long while the next one goes on: each holds a connection of the store's. */
const LONG_ONES = 3;
/** Models that a stop commits together. */
const WRITTEN_AT_ONCE = 100;
const NO_TURN = new Unavailable('a commit before has no answer yet');

/**
 * When what is counted is written, and who waits for it: many models in one commit, beside it each by itself that failed or took
 * long. Whoever waits too long for a turn is refused.
 */
export class Commits {
  private readonly group: GroupCommit;
  private readonly single: GroupCommit;
  private readonly joint: JointCommit;
  private readonly outdated: OutdatedMembers;
  /** What goes on beside the next commit, and is none of it: models whose lane is held for long, or whose commit takes long. */
  private readonly beside = new Map<ModelId, Promise<unknown>>();
  private readonly long = new Set<Promise<unknown>>();
  /** What the last commit had no time for, and since when none had. */
  private readonly leftOutSinceMs = new Map<ModelId, number>();
  /** Nothing is put off any more. */
  private isWritingAll = false;

  constructor(
    private readonly ports: CommitPorts,
    delayMs: number,
  ) {
    const { clock } = ports;
    this.outdated = new OutdatedMembers(ports);
    this.joint = new JointCommit(ports, this.outdated, () => this.request());
    this.group = createGroupCommit(clock, delayMs, () => this.refusingMeanwhile(() => this.writeTogether()));
    this.single = createGroupCommit(clock, delayMs, () => this.refusingMeanwhile(() => this.writeAlone()));
  }

  /** Counts a batch with the next commit; null to have stored what was counted before. @throws Unavailable when the model cannot be written: then nothing was counted */
  async add(member: Member, batch: IngestBatch | null): Promise<IngestResult> {
    this.expectStore();
    return new Promise((resolve, reject) => {
      const { id } = member.monitored.model;
      if (this.ports.members.get(id) !== member) throw new NotFound(`model "${id}" was removed`, 'model');
      member.waiting.push({ batch, sinceMs: performance.now(), resolve, reject });
      this.request();
    });
  }

  /** @throws Unavailable while it is known that the store takes nothing: nobody is kept waiting for that */
  expectStore(): void {
    const away = this.ports.store.awayBecause();
    if (away !== null) throw cannotBeWritten(new Unavailable(away));
  }

  /** @throws Unavailable when a member is not what is stored of its model: what it counts would be lost */
  expectStored(member: Member): void {
    if (!this.outdated.isStored(member)) throw cannotBeWritten();
  }

  /** @throws Unavailable while nobody knows whether a member's last commit has happened: what that stores would outlive the model */
  expectKnown(member: Member): void {
    if (this.outdated.isUnknown(member)) throw notChanged(member.monitored.model.id);
  }

  /** What no commit has taken yet is refused meanwhile when its turn does not come, or the store is away. */
  private async refusingMeanwhile<T>(write: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    this.refuseUntil(signal).catch((error: unknown) => this.logFault(error));
    return write().finally(() => over.abort());
  }

  private async refuseUntil(over: AbortSignal): Promise<void> {
    for (;;) {
      await this.ports.clock.sleep(LOOKED_FOR_MS, over);
      // A clock that does not wait leaves the thread to the others, too.
      await new Promise((resolve) => setImmediate(resolve));
      if (over.aborted) return;
      const away = this.ports.store.awayBecause();
      // Of a thousand, nobody waits for most.
      for (const member of this.ports.members.values())
        if (member.waiting.length === 0) continue;
        else if (away === null) this.refuseLate(member);
        else for (const request of member.waiting.splice(0)) request.reject(cannotBeWritten(new Unavailable(away)));
    }
  }

  private refuseLate(member: Member): void {
    const { waiting } = member;
    const latestMs = performance.now() - LONGEST_WAIT_MS;
    const late = waiting.filter(({ sinceMs }) => sinceMs <= latestMs);
    if (late.length === 0) return;
    waiting.splice(0, waiting.length, ...waiting.filter(({ sinceMs }) => sinceMs > latestMs));
    unwritable(member, this.ports.clock.now(), false);
    this.ports.logger.error({ models: [member.monitored.model.id], error: NO_TURN.message }, 'commit failed');
    for (const request of late) request.reject(cannotBeWritten(NO_TURN));
  }

  /** Resolves when what was counted of the model until now is stored. @throws Unavailable when it cannot be written */
  async stored(member: Member): Promise<void> {
    await this.add(member, null);
  }

  /** Asks for a commit and waits for nothing. */
  request(): void {
    for (const group of this.joint.alone.size === 0 ? [this.group] : [this.group, this.single])
      group.request().catch((error: unknown) => this.logFault(error));
  }

  /** Resolves when the commits that are asked for are over; one that found a model written alone may have asked for another. */
  async settle(): Promise<void> {
    for (;;) {
      await this.group.settle();
      await this.single.settle();
      if (this.beside.size === 0) return;
      // Each asks for a commit at its end.
      await Promise.all(this.beside.values());
    }
  }

  /** Commits now what is counted or waits, however long it takes. @returns why something could not be written, null when all was */
  async write(): Promise<Unavailable | null> {
    this.isWritingAll = true;
    return this.writeAll().finally(() => (this.isWritingAll = false));
  }

  private async writeAll(): Promise<Unavailable | null> {
    const { lanes } = this.ports;
    const due = this.due();
    let failed: Unavailable | null = null;
    // A stop that has no time for all of a large fleet has stored some.
    for (let from = 0; from < due.length; from += WRITTEN_AT_ONCE) {
      const some = due.slice(from, from + WRITTEN_AT_ONCE);
      failed = (await lanes.runAll(some, () => this.writeDue(some))) ?? failed;
    }
    for (const id of [...this.joint.alone]) failed = (await lanes.run(id, () => this.writeDue([id]))) ?? failed;
    await this.settle();
    return failed;
  }

  /**
   * Models that are to be committed together, whoever waits longest first: a commit takes no more than it can write soon, and of a
   * thousand models the last would never have their turn. For what nobody waits for there is time, but not for ever.
   */
  private due(): readonly ModelId[] {
    const { alone } = this.joint;
    const due = [...this.ports.members].filter(
      ([id, member]) => !alone.has(id) && !this.beside.has(id) && this.isDue(member),
    );
    const turn = ([id, { waiting }]: readonly [ModelId, Member]): number =>
      Math.min(
        waiting[0]?.sinceMs ?? Number.MAX_VALUE,
        (this.leftOutSinceMs.get(id) ?? Number.MAX_VALUE) + LONGEST_UNWRITTEN_MS,
      );
    return due.toSorted((a, b) => turn(a) - turn(b)).map(([id]) => id);
  }

  /** Resolves once the next commit may begin. */
  private writeTogether(): Promise<unknown> {
    const due = this.due();
    const before = new Map(this.leftOutSinceMs);
    this.leftOutSinceMs.clear();
    return this.inTurns(due, (held, turns) => {
      const ids = held.filter((id) => !this.joint.alone.has(id));
      let done: Promise<unknown> = Promise.resolve();
      const slow = new Promise<void>((isSlow) => {
        done = turns.run(() =>
          this.writeDue(ids, (left) => {
            turns.end(left);
            for (const id of left) this.leftOutSinceMs.set(id, before.get(id) ?? performance.now());
            this.goOn(
              turns,
              ids.filter((id) => !left.includes(id)),
            );
            this.request();
            isSlow();
          }),
        );
      });
      return Promise.race([done, slow.then(() => this.besideOthers(done))]);
    });
  }

  private async writeAlone(): Promise<void> {
    for (const id of [...this.joint.alone])
      if (!this.beside.has(id)) await this.inTurns([id], (held, turns) => turns.run(() => this.writeDue(held)));
  }

  /** Runs `write` for the models whose lane is free soon, and goes on without the others: each is written when its own is. */
  private async inTurns(
    models: readonly ModelId[],
    write: (held: readonly ModelId[], turns: LaneTurns) => Promise<unknown>,
  ): Promise<unknown> {
    const over = new AbortController();
    const turns = new LaneTurns(this.ports.lanes, models, (id) => this.writeDue([id]));
    const held = await turns.begun(passed(this.ports.clock, LANE_MS, over.signal));
    over.abort();
    this.goOn(
      turns,
      models.filter((id) => !held.includes(id)),
    );
    return write(held, turns);
  }

  /** From here on no commit waits for these until their turns are over. */
  private goOn(turns: LaneTurns, models: readonly ModelId[]): void {
    const late = models.filter((id) => !this.beside.has(id));
    for (const id of late) {
      const isOver = this.refusingMeanwhile(() => turns.over(id))
        .catch((error: unknown) => this.logFault(error))
        .finally(() => {
          this.beside.delete(id);
          this.request();
        });
      this.beside.set(id, isOver);
    }
  }

  /** Resolves when a commit that takes long may go on beside the next one. */
  private async besideOthers(commit: Promise<unknown>): Promise<void> {
    while (this.long.size >= LONG_ONES) await Promise.race(this.long);
    const isOver = commit
      .catch((error: unknown) => this.logFault(error))
      .finally(() => {
        this.long.delete(isOver);
      });
    this.long.add(isOver);
  }

  /** Asks for a commit where what was counted of the member should not be put off any more. */
  requestFor(member: Member): void {
    if (this.isDue(member)) this.request();
  }

  private isDue(member: Member): boolean {
    const { waiting, unstored, unwritten } = member;
    if (waiting.length > 0 || unstored.size > 0 || this.isDirty(member)) return true;
    // It was the store, and not the model, that failed: what is told of it is true until the store takes something again.
    return this.outdated.has(member) || unwritten?.isAlone === false;
  }

  /** What mlfi's own probes said is written now and then: a thousand models together as often as a few. */
  private isDirty(member: Member): boolean {
    const { toStore, model } = member.monitored;
    if (toStore !== 'probes') return toStore === 'all';
    if (this.isWritingAll || model.paused) return true;
    const nowMs = this.ports.clock.now();
    member.putOffSinceMs ??= nowMs;
    const agoMs = nowMs - member.putOffSinceMs;
    // A clock that was set back says nothing of how long it has been.
    return agoMs < 0 || agoMs >= Math.min(LONGEST_PUT_OFF_MS, (this.ports.members.size - 1) * PUT_OFF_MS_PER_MODEL);
  }

  /** Commits models together whose lanes are held. @param leftOut as of `JointCommit.commit` */
  private async writeDue(models: readonly ModelId[], leftOut: LeftOut | null = null): Promise<Unavailable | null> {
    const renewed = [];
    for (const id of models) {
      const member = this.ports.members.get(id);
      if (member === undefined) this.joint.forget(id);
      else if (this.isDue(member)) renewed.push(await this.outdated.upToDate(member));
    }
    const entries = renewed.filter((member) => member !== null).map((member) => ({ member, requests: null }));
    const failed = await this.joint.commit(entries, leftOut);
    return renewed.includes(null) ? cannotBeWritten() : failed;
  }

  /** Commits one model whose lane the caller holds. @throws Unavailable when it cannot be written, or is not what is stored any more */
  async writeHeld(member: Member): Promise<void> {
    const error = await this.joint.commit([{ member, requests: null }]);
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
      if (error instanceof OutcomeUnknown) void this.outdated.untilKnown([member], error).then(() => this.request());
      throw isAppError(error) ? error : notChanged();
    });
    try {
      monitored.become(draft, counted, now);
    } catch (error) {
      logger.error({ model: id, error: textOf(error) }, 'counting failed');
      this.outdated.add(member);
      await this.outdated.upToDate(member);
    }
  }

  private logFault(error: unknown): void {
    this.ports.logger.error({ error: textOf(error) }, 'commit failed');
  }
}
