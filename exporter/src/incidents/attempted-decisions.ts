import type { DecisionRecord } from '../domain/decision-record.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import { repairedAtMs } from './repair.js';
import type { IncidentGovernance, IncidentPorts } from './ports.js';
import type { GovernancePart, IncidentTracking } from './tracking.js';

/** Recommendations of one incident that are looked at. */
const MOST_RECORDS = 100;

type Failing = Pick<IncidentTracking, 'failing'>;

/** @returns null once the signal is aborted: the work is then not begun, or left to itself */
export async function unlessAborted<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | null> {
  if (signal?.aborted === true) return null;
  const settled = new AbortController();
  const aborted = new Promise<null>((resolve) =>
    signal?.addEventListener('abort', () => resolve(null), { signal: settled.signal }),
  );
  return Promise.race([work(), aborted]).finally(() => settled.abort());
}

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

  /** Takes note of when what the incident blames was repaired. */
  async noteRepair(tracking: IncidentTracking, incident: IncidentRow): Promise<void> {
    tracking.repairedAtMs = repairedAtMs(await this.recordsOf(tracking, incident), incident.diagnosis);
  }

  /** None, while decisions cannot be read. */
  async recordsOf(failing: Failing, { id, modelId }: IncidentRow): Promise<readonly DecisionRecord[]> {
    const records: DecisionRecord[] = [];
    await this.attempt('read', failing, modelId, async (governance) =>
      records.push(...(await governance.records({ incident: id, pendingOnly: false, limit: MOST_RECORDS }))),
    );
    return records;
  }
}
