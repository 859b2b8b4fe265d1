import type { Recommendation } from '../api/types';
import { isExecutable, isOver } from '../approvals/vote-rules';

const PRIORITY: Record<Recommendation['priority'], number> = { CRITICAL: 4, HIGH: 3, MEDIUM: 2, LOW: 1, NONE: 0 };
/** What is happening comes before what could be done, and that before what is settled. */
const STAGE: Record<Recommendation['state'], number> = {
  dispatching: 3,
  approved: 3,
  succeeded: 3,
  unknown: 3,
  pending: 2,
  recovered: 1,
  not_recovered: 1,
  inconclusive: 1,
  failed: 1,
  rejected: 0,
  revoked: 0,
  expired: 0,
  withdrawn: 0,
};

/** The actions of an incident in the order of their use: the first is the one thing to do, or what is being done. */
export function ranked(recommendations: Recommendation[]): { current: Recommendation[]; over: Recommendation[] } {
  const real = recommendations.filter(({ action }) => action !== 'none');
  const current = real
    .filter((one) => !isOver(one))
    .sort(
      (a, b) =>
        STAGE[b.state] - STAGE[a.state] ||
        PRIORITY[b.priority] - PRIORITY[a.priority] ||
        Number(isExecutable(b)) - Number(isExecutable(a)) ||
        a.created_at_ms - b.created_at_ms
    );
  return { current, over: real.filter(isOver) };
}
