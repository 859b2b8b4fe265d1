import { MOST_RECORDS, type DecisionRecord } from '../domain/decision-record.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Recommendation } from '../domain/recommendation.js';
import { repairedAtMs } from './repair.js';
import { causeOf } from './story.js';
import type { IncidentGovernance, IncidentPorts } from './ports.js';
import type { GovernancePart, IncidentTracking } from './tracking.js';

type Failing = Pick<IncidentTracking, 'failing'>;

/**
 * What incidents ask of decisions. Monitoring goes on while those are refused or cannot be read: what fails is told in the log,
 * once until it succeeds, and is tried again by the next evaluation, what was to be withdrawn by the next sweep.
 */
export class AttemptedDecisions {
  constructor(private readonly ports: Pick<IncidentPorts, 'governance' | 'logger' | 'clock' | 'refusal'>) {}

  /** @returns whether it was done */
  async attempt(
    part: GovernancePart,
    { failing }: Failing,
    model: ModelId,
    work: (governance: IncidentGovernance) => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await work(this.ports.governance);
      failing.delete(part);
      return true;
    } catch (error) {
      if (!failing.has(part)) {
        this.ports.logger.error({ model, error: String(error) }, `decisions: cannot ${part} now`);
        failing.set(part, this.ports.clock.now());
      }
      return false;
    }
  }

  /**
   * Whether no action holds up its incident, for nobody can settle what came of one: decisions are refused, or verifying has
   * failed without a break for as long as it is waited for that an action helps. A restart begins to count anew.
   */
  isGivenUp({ failing }: Failing): boolean {
    const { refusal, clock } = this.ports;
    const sinceMs = failing.get('verify');
    return refusal.isRefused() || (sinceMs !== undefined && clock.now() - sinceMs >= refusal.giveUpMs());
  }

  /** No, where none can be settled, or decisions cannot be read: the transaction that closes an incident asks again then. */
  async isActionUnderWay(failing: Failing, { id, modelId }: IncidentRow): Promise<boolean> {
    if (this.isGivenUp(failing)) return false;
    const underWay: boolean[] = [];
    await this.attempt('read', failing, modelId, async (governance) =>
      underWay.push(await governance.isActionUnderWay(id)),
    );
    return underWay.includes(true);
  }

  /** Takes note, once decisions can be read, of when what the incident blames was repaired. */
  async noteRepair(tracking: IncidentTracking, incident: IncidentRow): Promise<void> {
    if (!tracking.isRepairUnread) return;
    const records = await this.recordsOf(tracking, incident);
    if (records === null) return;
    const atMs = repairedAtMs(records, incident.diagnosis);
    // Where the clock was set back since, evidence begins anew now: not once it has come to that time again.
    tracking.repairedAtMs = atMs === null ? null : Math.min(atMs, this.ports.clock.now());
    tracking.isRepairUnread = false;
  }

  /** What was proposed for an incident's cause, ever: what people withdrew, or let expire, counts too; one that is pending first. */
  async proposedFor(failing: Failing, incident: IncidentRow): Promise<Recommendation | null> {
    // Decisions that cannot be read keep no model from being watched: making the proposals is tried again.
    const records = (await this.recordsOf(failing, incident)) ?? [];
    const made = records
      .map(({ recommendation }) => recommendation)
      .filter(({ proposedBy, cause }) => proposedBy.kind === 'system' && cause === causeOf(incident.diagnosis));
    return made.find(({ state }) => state === 'pending') ?? made[0] ?? null;
  }

  /** @returns null while decisions cannot be read */
  private async recordsOf(failing: Failing, { id, modelId }: IncidentRow): Promise<readonly DecisionRecord[] | null> {
    const read: (readonly DecisionRecord[])[] = [];
    await this.attempt('read', failing, modelId, async (governance) =>
      read.push(await governance.records({ incident: id, pendingOnly: false, limit: MOST_RECORDS })),
    );
    return read[0] ?? null;
  }
}
