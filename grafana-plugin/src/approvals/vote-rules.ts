import { t } from '@grafana/i18n';
import type { Recommendation } from '../api/types';
import type { Rights } from '../components/useRights';

/** Whether approving it makes mlfi do something; anything else is advice for people. */
export const isExecutable = ({ plan }: Pick<Recommendation, 'plan'>) => plan !== null;

/** Ended without anybody's decision: the diagnosis moved on, or time ran out. */
export const isOver = ({ state }: Pick<Recommendation, 'state'>) => state === 'withdrawn' || state === 'expired';

/** The vote this person has cast. */
export const myVote = ({ votes }: Recommendation, { subject }: Pick<Rights, 'subject'>) =>
  subject === null ? undefined : votes.find(({ by }) => by.subject === subject);

/** Approvals that are still missing. */
export const missingApprovals = ({ votes, required_approvals }: Recommendation) =>
  Math.max(0, required_approvals - votes.filter(({ verdict }) => verdict === 'approve').length);

/** Why this person cannot vote on this recommendation now; null when they can. */
export function refusalOf(recommendation: Recommendation, rights: Rights): string | null {
  if (myVote(recommendation, rights) !== undefined) {
    return t('decision.voted', 'You have voted; another person has to.');
  }
  if (rights.subject === recommendation.proposed_by.subject && !recommendation.policy.proposer_may_vote) {
    return t('decision.proposed', 'You proposed this, so somebody else has to decide.');
  }
  return rights.decideRefusal(recommendation);
}

/** Whether deciding alone would change anything for this person: not where their ordinary vote is enough. */
export const offersBreakGlass = (recommendation: Recommendation, rights: Rights) =>
  recommendation.policy.break_glass &&
  rights.breaksGlass &&
  (missingApprovals(recommendation) > 1 || refusalOf(recommendation, rights) !== null);
