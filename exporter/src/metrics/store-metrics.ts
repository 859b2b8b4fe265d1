import { isDeepStrictEqual } from 'node:util';
import type { AuditVerdict } from '../domain/audit.js';
import { NO_DECISIONS, type DecisionCounts } from '../domain/decision-counts.js';
import type { Clock } from '../domain/ports.js';
import type { SharedFacts } from './fleet-renderer.js';

export interface SharedFactsPorts {
  readonly clock: Clock;
  readonly figures: () => Promise<DecisionCounts>;
  readonly verifyAudit: () => Promise<AuditVerdict>;
  readonly killSwitch: () => Promise<SharedFacts['killSwitch']>;
}

/** What the replicas share, read from the store now and then so that no scrape waits for the store. */
export interface SharedFactsReader {
  readonly current: () => SharedFacts;
  /** Counts anew. */
  refresh(): Promise<void>;
  /** Verifies the whole audit log. */
  verify(): Promise<AuditVerdict>;
}

export function createStoreMetrics({ clock, figures, verifyAudit, killSwitch }: SharedFactsPorts): SharedFactsReader {
  let facts: SharedFacts = { figures: NO_DECISIONS, audit: null, killSwitch: { on: false, configured: false } };
  return {
    current: () => facts,
    async refresh() {
      const counted = await figures();
      const { on, configured } = await killSwitch();
      const before = facts.figures.models;
      const kept = [...counted.models].map(([id, fresh]) => {
        const old = before.get(id);
        return [id, old !== undefined && isDeepStrictEqual(old, fresh) ? old : fresh] as const;
      });
      facts = { ...facts, figures: { ...counted, models: new Map(kept) }, killSwitch: { on, configured } };
    },
    async verify() {
      const verdict = await verifyAudit();
      facts = { ...facts, audit: { valid: verdict.kind === 'intact', verifiedAtMs: clock.now() } };
      return verdict;
    },
  };
}
