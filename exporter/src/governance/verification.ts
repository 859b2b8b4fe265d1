import type { Execution, Verification } from '../domain/decision.js';
import type { Finding } from '../domain/finding.js';
import type { VerificationCriteria } from '../domain/recommendation.js';

/**
 * Whether an action helped: the findings it was to clear must be absent for `holdMs`, counted from `settleMs` after it
 * finished; still there at `giveUpMs` means it did not help. Null while it is too early to say.
 * @param clearSince execution id → since when the criteria have held; updated here
 */
export function judgeOutcome(
  criteria: VerificationCriteria | null,
  execution: Execution,
  findings: readonly Finding[],
  nowMs: number,
  clearSince: Map<string, number>,
): { readonly outcome: Verification['outcome']; readonly detail: string } | null {
  if (criteria === null) return { outcome: 'inconclusive', detail: 'no criteria were fixed' };
  const finishedAtMs = execution.finishedAtMs ?? execution.queuedAtMs;
  const elapsedMs = nowMs - finishedAtMs;
  if (elapsedMs < criteria.settleMs) return null;
  const remaining = [...new Set(findings.map(({ detector }) => detector as string))].filter((detector) =>
    criteria.mustClear.includes(detector),
  );
  if (remaining.length === 0) {
    const since = clearSince.get(execution.id) ?? nowMs;
    clearSince.set(execution.id, since);
    if (nowMs - since < criteria.holdMs) return null;
    clearSince.delete(execution.id);
    return {
      outcome: 'recovered',
      detail: `${criteria.mustClear.join(', ')} stayed clear for ${Math.round((nowMs - since) / 1_000)} s`,
    };
  }
  clearSince.delete(execution.id);
  if (elapsedMs < criteria.giveUpMs) return null;
  return {
    outcome: 'not_recovered',
    detail: `${remaining.join(', ')} still found ${Math.round(elapsedMs / 1_000)} s after the action`,
  };
}
