import type { RecommendationRecord } from '../domain/decision-record.js';
import { SYSTEM, type Actor } from '../domain/actor.js';
import { isSuspected } from '../domain/cause.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict } from '../domain/errors.js';
import type { ExecutionId, ModelId, RecommendationId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Proposal, Recommendation } from '../domain/recommendation.js';
import { incidentClosed, isLeftByClose } from './closing.js';
import type { GovernancePorts, Publish } from './ports.js';
import { committedRecord, recommendationIn } from './record.js';
import { resolvePlans } from './resolved-plan.js';
import { contextOf, insertRevision, isOfVersion, sameContent } from './revision.js';
import { checkReason } from './rules/vote-rules.js';
import { moveTo, tell } from './transition.js';
import { RESULT } from './verification.js';

const MOST_OF_AN_INCIDENT = 1_000;
const MOST_PENDING = 10_000;

const OPEN = ['pending', 'approved'] as const;
const INCIDENT_CLOSED = 'the incident closed';
/** Why the outcome of an action is not known whose incident closed before its effect could be seen. */
const UNWATCHED = 'its incident was over before it was known';
/** Why an approval ends whose cause is no longer told. */
export const CAUSE_LEFT = 'it was approved against another cause than the one told now';

/** What is approved and has a plan is settled by the dispatcher, together with its execution. */
const isUndecided = ({ state, plan }: Recommendation): boolean => state === 'pending' || plan === null;

const waitsToBeSent = ({ state, plan }: Recommendation): boolean => state === 'approved' && plan !== null;

/** What is put on the table, and what is taken off it without a vote. */
export class Proposals {
  /** Actions that could not be given up, which is said once of each. */
  private readonly stuck = new Set<RecommendationId>();

  constructor(
    private readonly ports: GovernancePorts,
    private readonly publish: Publish,
  ) {}

  /**
   * Puts resolved proposals under governance. Unchanged ones keep their revision; changed or vanished pending ones are withdrawn,
   * and approved ones that wait to be sent once their cause is suspected no more: a vote ends with the cause it was given for.
   */
  async propose(incident: IncidentRow, proposals: readonly Proposal[]): Promise<readonly Recommendation[]> {
    const context = contextOf(incident, await this.versionOf(incident.modelId), SYSTEM);
    const changed: Recommendation[] = [];
    const kept = await this.ports.store.governance(async (transaction) => {
      const existing = await transaction.recommendations({ incident: incident.id, limit: MOST_OF_AN_INCIDENT });
      const result: Recommendation[] = [];
      for (const proposal of proposals.filter(({ action }) => action !== 'none')) {
        const newest = newestOf(existing, proposal);
        const replaceable = newest === null || ['withdrawn', 'expired'].includes(newest.state);
        if (
          !replaceable &&
          (newest.state !== 'pending' || (sameContent(newest, proposal) && isOfVersion(newest, context)))
        ) {
          result.push(newest);
          continue;
        }
        const made = await this.insert(transaction, proposal, context, (newest?.revision ?? 0) + 1);
        changed.push(made);
        result.push(made);
      }
      const current = new Set(result.map(({ id }) => id));
      for (const old of existing) {
        if (current.has(old.id) || old.proposedBy.kind !== 'system' || old.followUpTo !== null) continue;
        if (old.state !== 'pending' && !(waitsToBeSent(old) && !isSuspected(incident.diagnosis, old.cause))) continue;
        const why = old.state === 'pending' ? 'replaced by a newer diagnosis' : CAUSE_LEFT;
        changed.push(await this.withdrawn(transaction, old, why));
      }
      return result;
    });
    this.publish(changed);
    return kept;
  }

  /** A proposal of a person or a machine. @throws Conflict when the incident is closed, or the same is open already */
  async proposeBy(incident: IncidentRow, unresolved: Proposal, by: Actor): Promise<RecommendationRecord> {
    if (incident.closedAtMs !== null) throw incidentClosed();
    const [proposal = unresolved] = await resolvePlans(this.ports.executors, [unresolved]);
    const context = contextOf(incident, await this.versionOf(incident.modelId), by);
    const made = await this.ports.store.governance(async (transaction) => {
      // It may have been closed while the target was asked.
      if ((await transaction.closedAtMs([incident.id])).has(incident.id)) throw incidentClosed();
      const existing = await transaction.recommendations({ incident: incident.id, limit: MOST_OF_AN_INCIDENT });
      const newest = newestOf(existing, proposal);
      if (newest !== null && ['pending', 'approved', 'dispatching', 'unknown', 'succeeded'].includes(newest.state))
        throw new Conflict(
          `recommendation ${newest.id} is this action against “${proposal.cause}” already (${newest.state}); vote on that one, or say with "cause" which other cause of the incident this is against`,
          'action',
          { id: newest.id },
        );
      const inserted = await this.insert(transaction, proposal, context, (newest?.revision ?? 0) + 1);
      return committedRecord(transaction, inserted);
    });
    this.publish([made.recommendation]);
    return made;
  }

  /** Takes one pending recommendation off the table. @throws Conflict when it is not pending */
  async withdraw(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord> {
    checkReason(reason);
    const record = await this.ports.store.governance(async (transaction) => {
      const recommendation = await recommendationIn(transaction, id);
      const { state } = recommendation;
      if (state !== 'pending') throw new Conflict(`this recommendation is ${state} already`, 'state', { state });
      const withdrawn = await this.withdrawn(transaction, recommendation, reason, by);
      const said = (title: string): string => `${by.name} withdrew ${title}: ${reason}`;
      await tell(transaction, this.ports.clock.now(), withdrawn, 'decision', said);
      return committedRecord(transaction, withdrawn);
    });
    this.publish([record.recommendation]);
    return record;
  }

  /** Takes all that an incident leaves undecided off the table. */
  async withdrawAll({ id: incident }: Pick<IncidentRow, 'id'>, reason: string): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const open = await transaction.recommendations({ incident, states: OPEN, limit: MOST_OF_AN_INCIDENT });
      const withdrawn: Recommendation[] = [];
      for (const recommendation of open.filter(isUndecided))
        withdrawn.push(await this.withdrawn(transaction, recommendation, reason));
      return withdrawn;
    });
    this.publish(moved);
  }

  /** Expires what nobody decided in time, withdraws what the close of its incident has left on the table, and gives up what nobody verifies any more. */
  async tidy(): Promise<void> {
    const now = this.ports.clock.now();
    const moved = await this.ports.store.governance(async (transaction) => {
      const open = await transaction.recommendations({ states: OPEN, limit: MOST_PENDING });
      const closedAtMs = await transaction.closedAtMs([...new Set(open.map(({ incidentId }) => incidentId))]);
      const tidied: Recommendation[] = [];
      for (const recommendation of open.filter(isUndecided)) {
        if (isLeftByClose(recommendation, closedAtMs.get(recommendation.incidentId)))
          tidied.push(await this.withdrawn(transaction, recommendation, INCIDENT_CLOSED));
        else if (recommendation.state === 'pending' && recommendation.expiresAtMs <= now)
          tidied.push(await moveTo(transaction, now, recommendation, 'expired', SYSTEM, 'nobody decided in time'));
      }
      return tidied;
    });
    this.publish(moved);
    await this.giveUpUnwatched();
  }

  /** Nobody looks at what an action does once its incident is closed: whether it helped is not known, and never will be. */
  private async giveUpUnwatched(): Promise<void> {
    const { store, clock } = this.ports;
    const unwatched = await store.governance((transaction) => unwatchedIn(transaction));
    for (const { id, isThere } of unwatched) {
      // Each by itself: one whose records are damaged keeps no other from its end.
      await store
        .governance(async (transaction) => {
          const recommendation = await recommendationIn(transaction, id);
          if (recommendation.state !== 'succeeded') return [];
          const verification = { outcome: 'inconclusive', atMs: clock.now(), detail: UNWATCHED } as const;
          const executionId = await readableExecution(transaction, id);
          if (executionId !== null) await transaction.insertVerification({ executionId, ...verification });
          const moved = await moveTo(transaction, verification.atMs, recommendation, 'inconclusive', SYSTEM, UNWATCHED);
          const said = (title: string): string => `${RESULT.inconclusive(title)}: ${UNWATCHED}`;
          if (isThere) await tell(transaction, verification.atMs, moved, 'verification', said);
          return [moved];
        })
        .then((moved) => {
          this.stuck.delete(id);
          this.publish(moved);
        })
        .catch((error: unknown) => {
          if (this.stuck.has(id)) return;
          this.stuck.add(id);
          this.ports.logger.error({ recommendation: id, error: String(error) }, 'an action cannot be given up');
        });
    }
  }

  private async versionOf(model: ModelId): Promise<string | null> {
    return (await this.ports.store.models.get(model))?.versionLabel ?? null;
  }

  private insert(
    transaction: GovernanceTransaction,
    proposal: Proposal,
    context: Parameters<typeof insertRevision>[2],
    revision: number,
  ): Promise<Recommendation> {
    const { ids, clock, policy } = this.ports;
    return insertRevision(transaction, proposal, context, revision, policy(), ids.next(), clock.now());
  }

  private withdrawn(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    reason: string,
    by: Actor = SYSTEM,
  ): Promise<Recommendation> {
    return moveTo(transaction, this.ports.clock.now(), recommendation, 'withdrawn', by, reason);
  }
}

/** Null also where it is damaged: what it says does not change that nobody looks at what it did. */
async function readableExecution(
  transaction: GovernanceTransaction,
  recommendation: RecommendationId,
): Promise<ExecutionId | null> {
  try {
    return (await transaction.execution(recommendation))?.id ?? null;
  } catch (error) {
    if (error instanceof StoreDocumentDamaged) return null;
    throw error;
  }
}

/** Actions that were carried out and whose incident is over: closed, or no longer there. */
async function unwatchedIn(
  transaction: GovernanceTransaction,
): Promise<readonly { readonly id: RecommendationId; readonly isThere: boolean }[]> {
  const done = await transaction.recommendations({ states: ['succeeded'], limit: MOST_PENDING });
  const closedAtMs = await transaction.closedAtMs([...new Set(done.map(({ incidentId }) => incidentId))]);
  return done.flatMap(({ id, incidentId }) => {
    const atMs = closedAtMs.get(incidentId);
    return atMs === undefined ? [] : [{ id, isThere: atMs !== Infinity }];
  });
}

/** The newest revision of the same action against the same cause; follow-ups stand for themselves. */
function newestOf(existing: readonly Recommendation[], proposal: Proposal): Recommendation | null {
  return existing
    .filter(
      ({ action, cause, followUpTo }) => action === proposal.action && cause === proposal.cause && followUpTo === null,
    )
    .reduce<Recommendation | null>(
      (best, next) => (best === null || next.revision > best.revision ? next : best),
      null,
    );
}
