import type { Execution, Verification } from '../domain/decision.js';
import type { Finding } from '../domain/finding.js';
import type { VerificationCriteria } from '../domain/recommendation.js';

/** How the criteria have held since the action finished. */
export interface VerificationProgress {
  /** Since when without a break; null = not now. */
  readonly clearSinceMs: number | null;
  /** Looks that could judge all criteria. */
  readonly looks: number;
}

export type VerificationVerdict =
  | { readonly kind: 'waiting'; readonly course: VerificationProgress }
  | { readonly kind: 'judged'; readonly outcome: Verification['outcome']; readonly detail: string };

const seconds = (ms: number): number => Math.round(ms / 1_000);

/**
 * Whether an action helped. Recovered: the findings it was to clear are absent for `holdMs`, counted from `settleMs` after
 * it finished. Not recovered: one is still there at `giveUpMs`. Inconclusive: by then it could not be seen, or it cleared
 * too late to have held. A look in which a criterion's detector was blind counts neither way.
 * @param course as returned by the look before, for the same execution
 */
export function judgeOutcome(
  criteria: VerificationCriteria | null,
  execution: Execution,
  findings: readonly Finding[],
  blind: ReadonlySet<string>,
  nowMs: number,
  course: VerificationProgress,
): VerificationVerdict {
  if (criteria === null || criteria.mustClear.length === 0)
    return { kind: 'judged', outcome: 'inconclusive', detail: 'no criteria were fixed' };
  const elapsedMs = nowMs - (execution.finishedAtMs ?? execution.queuedAtMs);
  if (elapsedMs < criteria.settleMs) return { kind: 'waiting', course };
  const found = new Set(findings.map(({ detector }) => detector as string));
  const remaining = criteria.mustClear.filter((detector) => found.has(detector));
  const unseen = criteria.mustClear.filter((detector) => blind.has(detector) && !found.has(detector));
  const tooLate = elapsedMs >= criteria.giveUpMs;
  if (remaining.length > 0) {
    const detail = `${remaining.join(', ')} still found ${seconds(elapsedMs)} s after the action`;
    return tooLate
      ? { kind: 'judged', outcome: 'not_recovered', detail }
      : { kind: 'waiting', course: { clearSinceMs: null, looks: course.looks + 1 } };
  }
  if (unseen.length > 0) {
    return tooLate
      ? {
          kind: 'judged',
          outcome: 'inconclusive',
          detail: `${unseen.join(', ')} could not be seen, so nobody knows (${course.looks} looks could judge)`,
        }
      : { kind: 'waiting', course: { clearSinceMs: null, looks: course.looks } };
  }
  const clearSinceMs = course.clearSinceMs ?? nowMs;
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
  return { kind: 'waiting', course: { clearSinceMs, looks: course.looks + 1 } };
}
