import type { StoreDocumentDamaged } from '../domain/codec.js';
import { NotFound, Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { RefusedLogLine } from '../domain/log-position.js';
import type { Logger } from '../domain/ports.js';
import type { SetupProblem } from '../domain/setup-problem.js';
import type { ModelLanes } from '../incidents/model-lane.js';
import type { Member, UnreadLogs, Unwatched } from './member.js';

/** The models of a fleet: those that are monitored, and those that are left out because what is stored of them cannot be read. */
export class Members {
  private readonly monitored = new Map<ModelId, Member>();
  private readonly leftOut = new Set<string>();
  /** Models that belong to an import until it is finished. */
  private readonly lent = new Set<string>();

  constructor(
    private readonly lanes: ModelLanes,
    private readonly logger: Pick<Logger, 'error'>,
    /** Told when a model has come or gone. */
    private readonly onChanged: () => void,
  ) {}

  get all(): ReadonlyMap<ModelId, Member> {
    return this.monitored;
  }

  get unrestored(): readonly string[] {
    return [...this.leftOut];
  }

  /** True also for a model that is left out or being imported: its name is taken, and nothing may be written over it. */
  has(id: ModelId): boolean {
    return this.monitored.has(id) || this.leftOut.has(id) || this.lent.has(id);
  }

  /** @throws NotFound, or Unavailable for a model that is left out or being imported */
  get(id: ModelId): Member {
    const member = this.monitored.get(id);
    if (member === undefined) this.refuseUnrestored(id);
    if (member === undefined)
      throw new NotFound(`there is no model "${id}"; GET /api/v1/models lists the watched ones`, 'model');
    return member;
  }

  /** Runs `work` in the model's lane, with the member it has by then. @throws NotFound for one that is removed meanwhile, or what `work` throws */
  async inLane<T>(id: ModelId, work: (member: Member) => T | Promise<T>): Promise<T> {
    this.get(id);
    return this.lanes.run(id, () => work(this.get(id)));
  }

  /** Runs `work` in a member's lane unless it is gone, or replaced by what is stored of it, by then. @returns whether it was there */
  async inLaneOf(member: Member, work: () => void | Promise<void>): Promise<boolean> {
    return (await this.ofMember(member, async () => (await work(), true))) ?? false;
  }

  /** The same for work that gives something. @returns null when the member was gone */
  ofMember<T>(member: Member, work: () => T | Promise<T>): Promise<T | null> {
    const { id } = member.monitored.model;
    return this.lanes.run(id, async () => (this.monitored.get(id) === member ? work() : null));
  }

  /** Runs `work`, which asks a model how it wants to be probed. */
  async whileAsked<T>(id: ModelId, work: () => Promise<T>): Promise<T> {
    const { registration } = this.get(id);
    registration.isAsked = true;
    return work().finally(() => {
      registration.isAsked = false;
    });
  }

  /** Says why a model that never answered cannot be asked; nothing for one that is not monitored. */
  noteSetup(id: ModelId, problem: SetupProblem): void {
    const member = this.monitored.get(id);
    if (member?.monitored.isConfiguring !== true) return;
    member.monitored.contact.tell(problem);
    member.touches += 1;
  }

  /** Logs of a model cannot be read since then; null when they can. Nothing for one that is not monitored. */
  noteUnreadLogs(id: ModelId, sinceMs: number | null, where: UnreadLogs): void {
    const member = this.monitored.get(id);
    if (member === undefined || (member.unreadLogs.get(where) ?? null) === sinceMs) return;
    if (sinceMs === null) member.unreadLogs.delete(where);
    else member.unreadLogs.set(where, sinceMs);
    member.touches += 1;
  }

  /** An import that was given up kept a model from being watched; null when that is no news any more. Nothing for one that is not monitored. */
  noteUnwatched(id: ModelId, unwatched: Unwatched | null): void {
    const member = this.monitored.get(id);
    if (member === undefined) return;
    member.unwatched = unwatched;
    member.touches += 1;
  }

  /** The newest line of its log files that was refused; null for none of late. Nothing for one that is not monitored. */
  noteRefusedLine(id: ModelId, refused: RefusedLogLine | null): void {
    const member = this.monitored.get(id);
    if (member === undefined || member.refusedLine === refused) return;
    member.refusedLine = refused;
    member.touches += 1;
  }

  add(id: ModelId, member: Member): void {
    this.monitored.set(id, member);
    this.onChanged();
  }

  /** Forgets a model and answers everybody who waits for it. */
  remove(id: ModelId): void {
    this.forget(id, new NotFound(`model "${id}" was removed`, 'model'));
  }

  private forget(id: ModelId, why: Error): void {
    const waiting = this.monitored.get(id)?.waiting.splice(0) ?? [];
    this.monitored.delete(id);
    this.onChanged();
    for (const request of waiting) request.reject(why);
  }

  isLent(id: ModelId): boolean {
    return this.lent.has(id);
  }

  /** From here on the model belongs to an import; whoever waits for it is told to come again. */
  lend(id: ModelId): void {
    this.lent.add(id);
    this.forget(id, isImported(id));
  }

  /** The import is over. */
  takeBack(id: ModelId): void {
    this.lent.delete(id);
  }

  leaveOut(id: string, damaged: StoreDocumentDamaged): void {
    this.leftOut.add(id);
    this.logger.error({ model: id, error: damaged.message }, 'a model cannot be restored and is left out');
  }

  /** @throws Unavailable for a model that is left out or being imported */
  refuseUnrestored(id: ModelId): void {
    if (this.lent.has(id)) throw isImported(id);
    if (this.leftOut.has(id))
      throw new Unavailable(`what is stored of the model "${id}" cannot be read; the log says what and what to do`, 60);
  }
}

const isImported = (id: ModelId): Unavailable =>
  new Unavailable(
    `rows of the past of "${id}" are being imported; it is watched when that is finished (mlfi import, or POST …/imports/finish) or cancelled (mlfi import --cancel, or DELETE …/imports)`,
    30,
  );
