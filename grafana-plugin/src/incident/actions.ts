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

/** The actions of an incident, by what they still mean for whoever reads it. */
export interface Ranked {
  /** In the order of their use: the first is the one thing to do, or what is being done. */
  current: Recommendation[];
  /** What people said no to. */
  refused: Recommendation[];
  /** What ended by itself. */
  over: Recommendation[];
}

/** Sorts the actions of an incident. */
export function ranked(recommendations: Recommendation[]): Ranked {
  const real = recommendations.filter(({ action }) => action !== 'none');
  const current = real
    .filter((one) => STAGE[one.state] > 0)
    .sort(
      (a, b) =>
        STAGE[b.state] - STAGE[a.state] ||
        PRIORITY[b.priority] - PRIORITY[a.priority] ||
        Number(isExecutable(b)) - Number(isExecutable(a)) ||
        a.created_at_ms - b.created_at_ms
    );
  const refused = real.filter((one) => STAGE[one.state] === 0 && !isOver(one));
  return { current, refused, over: real.filter(isOver) };
}
