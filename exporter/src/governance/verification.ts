import { counted } from '../domain/quantity-text.js';
import { SYSTEM } from '../domain/actor.js';
import type { Execution, Verification } from '../domain/decision.js';
import { isFindingSubject, subjectText, type FindingSubject } from '../domain/finding.js';
import type { ExecutionId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation, VerificationCriteria } from '../domain/recommendation.js';
import type { EvaluatedSince, GovernancePorts, Publish } from './ports.js';
import { insertEscalation } from './revision.js';
import { moveTo, tell } from './transition.js';

/** How the criteria have held since the action finished. */
export interface VerificationProgress {
  /** Since when without a break; null = not now. */
  readonly clearSinceMs: number | null;
  /** Evaluations that could judge all criteria. */
  readonly evaluations: number;
}

export type VerificationVerdict =
  | { readonly kind: 'waiting'; readonly progress: VerificationProgress }
  | { readonly kind: 'judged'; readonly outcome: Verification['outcome']; readonly detail: string };

/** What is said of an action on the timeline of its incident, given its quoted title. */
export const RESULT: Readonly<Record<Verification['outcome'], (title: string) => string>> = {
  recovered: (title) => `${title} helped`,
  not_recovered: (title) => `${title} did not help`,
  inconclusive: (title) => `Whether ${title} helped is not known`,
};

const seconds = (ms: number): number => Math.round(ms / 1_000);

/**
 * Whether an action helped. Recovered: the findings it was to clear are absent for `holdMs`, counted from `settleMs` after
 * it finished, and the rows since then are enough and as in the baseline. Not recovered: one is still there at `giveUpMs`.
 * Inconclusive: by then it could not be seen, too few rows have come to show it, or it cleared too late to have held. An evaluation in which a criterion's detector was blind counts neither way.
 * @param progress as returned by the evaluation before, for the same execution
 */
function judgeOutcome(
  criteria: VerificationCriteria | null,
  execution: Execution,
  { findings, blind, seenSince }: EvaluatedSince,
  nowMs: number,
  progress: VerificationProgress,
): VerificationVerdict {
  if (criteria === null || criteria.mustClear.length === 0)
    return { kind: 'judged', outcome: 'inconclusive', detail: 'no criteria were fixed' };
  const doneAtMs = execution.finishedAtMs ?? execution.queuedAtMs;
  const elapsedMs = nowMs - doneAtMs;
  if (elapsedMs < criteria.settleMs) return { kind: 'waiting', progress };
  const { subjects } = criteria;
  const found = new Set<string>(
    findings
      .filter(({ subject }) => subjects === undefined || subjects.includes(subject))
      .map(({ detector }) => detector),
  );
  const remaining = criteria.mustClear.filter((detector) => found.has(detector));
  const unseen = criteria.mustClear.filter((detector) => blind.has(detector) && !found.has(detector));
  const tooLate = elapsedMs >= criteria.giveUpMs;
  if (remaining.length > 0) {
    const detail = `${remaining.join(', ')} still found ${seconds(elapsedMs)} s after the action`;
    return tooLate
      ? { kind: 'judged', outcome: 'not_recovered', detail }
      : { kind: 'waiting', progress: { clearSinceMs: null, evaluations: progress.evaluations + 1 } };
  }
  if (unseen.length > 0) {
    return tooLate
      ? {
          kind: 'judged',
          outcome: 'inconclusive',
          detail: `${unseen.join(', ')} could not be checked, so the outcome is unknown (${counted(progress.evaluations, 'evaluation')} could tell)`,
        }
      : { kind: 'waiting', progress: { clearSinceMs: null, evaluations: progress.evaluations } };
  }
  // A finding goes also because its rows leave the window: only rows of after the action can show that it helped.
  const attributed = (subjects ?? []).filter(isFindingSubject);
  const open = notShown(attributed, seenSince(doneAtMs, attributed));
  if (open !== null) {
    return elapsedMs >= criteria.giveUpMs
      ? { kind: 'judged', outcome: 'inconclusive', detail: `${open}, so the outcome is unknown` }
      : { kind: 'waiting', progress: { clearSinceMs: null, evaluations: progress.evaluations } };
  }
  const clearSinceMs = progress.clearSinceMs ?? nowMs;
  if (nowMs - clearSinceMs >= criteria.holdMs) {
    return {
      kind: 'judged',
      outcome: 'recovered',
      detail: `${criteria.mustClear.join(', ')} stayed clear for ${seconds(nowMs - clearSinceMs)} s`,
    };
  }
  if (elapsedMs >= criteria.giveUpMs + criteria.holdMs) {
    return {
      kind: 'judged',
      outcome: 'inconclusive',
      detail: `clear now, but never for ${seconds(criteria.holdMs)} s in a row before the time was up`,
    };
  }
  return { kind: 'waiting', progress: { clearSinceMs, evaluations: progress.evaluations + 1 } };
}

/** Rows since an action that show what came of it; of whether calls are answered, so many as show that they are not. */
const FEWEST_ROWS = 20;
const FEWEST_CALLS = 3;
const OF_CALLS: ReadonlySet<FindingSubject> = new Set(['errors', 'certificate', 'traffic']);

/** Why what has come since an action does not show that it helped; null where it does. */
function notShown(
  subjects: readonly FindingSubject[],
  { rows, abnormal }: ReturnType<EvaluatedSince['seenSince']>,
): string | null {
  const ofRows = subjects.filter((subject) => subject !== 'golden');
  const least = ofRows.length > 0 && ofRows.every((subject) => OF_CALLS.has(subject)) ? FEWEST_CALLS : FEWEST_ROWS;
  if (rows < least)
    return `only ${counted(rows, 'row')} that could show it came since the action (at least ${least} are needed)`;
  return abnormal.length === 0
    ? null
    : `${abnormal.map(subjectText).join(', ')} ${abnormal.length === 1 ? 'is' : 'are'} not as in the baseline in the rows since the action`;
}

/** Follows what was carried out until it is known whether it helped. What did not is put before people; nothing acts by itself. */
export class Verifications {
  /** How the criteria of each execution have held so far; in memory, so a restart starts the hold time anew. */
  private readonly progress = new Map<ExecutionId, VerificationProgress>();

  constructor(
    private readonly ports: GovernancePorts,
    private readonly publish: Publish,
  ) {}

  /** Judges the incident's finished executions by the criteria fixed when they were proposed. @returns whether one of them helped */
  async verify(incident: IncidentRow, evaluated: EvaluatedSince, nowMs: number): Promise<boolean> {
    const { moved, progress } = await this.ports.store.governance(async (transaction) => {
      const filter = { incident: incident.id, states: ['succeeded'], limit: 100 } as const;
      const judged = {
        moved: new Array<Recommendation>(),
        progress: new Map<ExecutionId, VerificationProgress | null>(),
      };
      for (const recommendation of await transaction.recommendations(filter))
        judged.moved.push(...(await this.judge(transaction, recommendation, evaluated, nowMs, judged.progress)));
      return judged;
    });
    // Only what is committed counts: a transaction that fails has changed nothing here either.
    for (const [id, held] of progress) {
      if (held === null) this.progress.delete(id);
      else this.progress.set(id, held);
    }
    this.publish(moved);
    return moved.some(({ state }) => state === 'recovered');
  }

  private async judge(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    evaluated: EvaluatedSince,
    nowMs: number,
    progress: Map<ExecutionId, VerificationProgress | null>,
  ): Promise<readonly Recommendation[]> {
    const execution = await transaction.execution(recommendation.id);
    if (execution === null) return [];
    const before = this.progress.get(execution.id) ?? { clearSinceMs: null, evaluations: 0 };
    const judged = judgeOutcome(recommendation.verification, execution, evaluated, nowMs, before);
    if (judged.kind === 'waiting') {
      progress.set(execution.id, judged.progress);
      return [];
    }
    progress.set(execution.id, null);
    const { outcome, detail } = judged;
    await transaction.insertVerification({ executionId: execution.id, outcome, atMs: nowMs, detail });
    const moved = await moveTo(transaction, nowMs, recommendation, outcome, SYSTEM, detail);
    await tell(transaction, nowMs, moved, 'verification', (title) => `${RESULT[outcome](title)}: ${detail}`);
    if (outcome !== 'not_recovered') return [moved];
    const what = `"${recommendation.title}" was carried out and did not help: ${detail}`;
    const { policy, ids } = this.ports;
    const next = await insertEscalation(transaction, recommendation, what, policy(), ids.next(), nowMs, SYSTEM);
    return next === null ? [moved] : [moved, next];
  }
}
