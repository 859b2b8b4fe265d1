import { Unavailable, type OutcomeUnknown } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Clock, Logger } from '../domain/ports.js';
import { unwritable, writable, type Member } from './member.js';
import { cannotBeWritten, textOf } from './refusals.js';

export interface OutdatedPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Pick<Logger, 'error'>;
  readonly members: ReadonlyMap<ModelId, Member>;
  /** Puts a model in a member's place as it is stored; the caller holds its lane. */
  readonly reread: (member: Member) => Promise<void>;
}

/** Members that are not, or may not be, what is stored of their models: nothing is written of them before they are read anew. */
export class OutdatedMembers {
  private readonly outdated = new WeakSet<Member>();
  /** Of those, whose last commit may have happened or not. */
  private readonly unknown = new WeakSet<Member>();

  constructor(private readonly ports: OutdatedPorts) {}

  has(member: Member): boolean {
    return this.outdated.has(member);
  }

  /** Whether a member is what is stored of its model, and may be written. */
  isStored(member: Member): boolean {
    return this.ports.members.get(member.monitored.model.id) === member && !this.outdated.has(member);
  }

  /** Whether nobody knows yet whether its last commit has happened. */
  isUnknown(member: Member): boolean {
    return this.unknown.has(member);
  }

  add(member: Member): void {
    this.outdated.add(member);
  }

  /** What the store says of a commit of theirs decides: what did not happen leaves them what they are. @returns whether it did, once they may be written again */
  async untilKnown(members: readonly Member[], { happened }: Pick<OutcomeUnknown, 'happened'>): Promise<boolean> {
    for (const member of members) {
      this.outdated.add(member);
      this.unknown.add(member);
      unwritable(member, this.ports.clock.now(), true);
    }
    const hasHappened = await happened;
    for (const member of members) {
      this.unknown.delete(member);
      if (hasHappened) continue;
      this.outdated.delete(member);
      writable(member);
    }
    return hasHappened;
  }

  /** The caller holds the lane. @returns the member itself, or the one that took its place; null when it is outdated and cannot be read anew: its requests are refused */
  async upToDate(member: Member): Promise<Member | null> {
    if (!this.outdated.has(member)) return member;
    const { reread, members, logger } = this.ports;
    const { id } = member.monitored.model;
    if (this.unknown.has(member)) return refusedAll(member, cannotBeWritten(NOT_KNOWN, id));
    try {
      await reread(member);
    } catch (error) {
      logger.error({ model: id, error: textOf(error) }, 'a model could not be read anew');
      return refusedAll(member, cannotBeWritten());
    }
    this.outdated.delete(member);
    const now = members.get(id) ?? null;
    now?.waiting.push(...member.waiting.splice(0));
    return now;
  }
}

const NOT_KNOWN = new Unavailable('the store does not say yet whether it has stored what came before');

function refusedAll(member: Member, why: Unavailable): null {
  for (const request of member.waiting.splice(0)) request.reject(why);
  return null;
}
