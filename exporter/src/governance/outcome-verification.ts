import type { Finding } from '../domain/finding.js';
import type { Incident } from '../domain/incident.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';
import { insertEscalation } from './revision.js';
import { moveTo } from './transition.js';
import { judgeOutcome, type VerificationProgress } from './verification.js';
import { SYSTEM } from '../domain/actor.js';
import type { GovernancePorts } from './ports.js';

/** Watches what was carried out until it is known whether it helped. What did not is put before people; nothing acts by itself. */
export class OutcomeVerification {
  /** How the criteria of each execution have held so far; in memory, so a restart starts the hold time anew. */
  private readonly courses = new Map<string, VerificationProgress>();

  constructor(private readonly ports: GovernancePorts) {}

  /** Judges the incident's finished executions. @returns what changed */
  async look(
    transaction: GovernanceTransaction,
    incident: Incident,
    findings: readonly Finding[],
    blind: ReadonlySet<string>,
    nowMs: number,
  ): Promise<readonly Recommendation[]> {
    const changed: Recommendation[] = [];
    const states = ['succeeded'] as const;
    for (const recommendation of await transaction.recommendations({ incident: incident.id, states, limit: 100 })) {
      const execution = await transaction.execution(recommendation.id);
      if (execution === null) continue;
      const course = this.courses.get(execution.id) ?? { clearSinceMs: null, looks: 0 };
      const judged = judgeOutcome(recommendation.verification, execution, findings, blind, nowMs, course);
      if (judged.kind === 'waiting') {
        this.courses.set(execution.id, judged.course);
        continue;
      }
      this.courses.delete(execution.id);
      const { outcome, detail } = judged;
      await transaction.insertVerification({ executionId: execution.id, outcome, atMs: nowMs, detail });
      changed.push(await moveTo(transaction, nowMs, recommendation, outcome, SYSTEM, detail));
      if (outcome !== 'not_recovered') continue;
      const what = `"${recommendation.title}" was carried out and did not help: ${detail}`;
      const { policy, ids } = this.ports;
      const next = await insertEscalation(transaction, recommendation, what, policy(), ids.next(), nowMs, SYSTEM);
      if (next !== null) changed.push(next);
    }
    return changed;
  }
}
