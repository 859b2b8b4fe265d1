import type { Actor } from '../domain/actor.js';
import type { ProposalRequest, RecommendationRecord } from '../domain/decision-record.js';
import { Invalid } from '../domain/errors.js';
import type { IncidentId } from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { Governance } from '../governance/governance.js';
import type { ApplicationPorts } from './ports.js';

/** Recommendations under human decision. Nobody waits for an executor: what comes of it follows by event. */
export interface DecisionUseCases extends Pick<
  Governance,
  | 'record'
  | 'records'
  | 'vote'
  | 'revoke'
  | 'report'
  | 'callback'
  | 'killSwitch'
  | 'setKillSwitch'
  | 'reviews'
  | 'review'
  | 'actionsVotableBy'
  | 'mayBreakGlass'
> {
  /** Puts an action on the table of an open incident, beside what the diagnosis proposes. @throws AppError */
  propose(request: ProposalRequest, by: Actor): Promise<RecommendationRecord>;
  withdraw: Governance['withdrawOne'];
}

/** @returns the use cases of `/api/v1/recommendations`, votes, executions and reviews */
export function decisionUseCases(
  { governance, proposalFor }: Pick<ApplicationPorts, 'governance' | 'proposalFor'>,
  incident: (id: IncidentId) => Promise<Incident>,
): DecisionUseCases {
  return {
    ...governance,
    async propose({ incident: about, ...asked }, by) {
      if (asked.action === 'none') throw new Invalid('there is nothing to propose in "none"', 'action');
      const of = await incident(about);
      return governance.proposeBy(of, proposalFor(of, asked), by);
    },
    async vote(request, by) {
      const voted = await governance.vote(request, by);
      governance.wake(voted.recommendation.modelId);
      return voted;
    },
    withdraw: (id, reason, by) => governance.withdrawOne(id, reason, by),
    async setKillSwitch(on, reason, by) {
      await governance.setKillSwitch(on, reason, by);
      if (!on) governance.wake();
    },
  };
}
