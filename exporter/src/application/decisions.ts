import type { Actor } from '../domain/actor.js';
import type { ProposalRequest, RecommendationRecord, VoteRequest } from '../domain/decision-record.js';
import { Invalid } from '../domain/errors.js';
import type { IncidentId, RecommendationId } from '../domain/identifiers.js';
import type { Incident, TimelineEntry } from '../domain/incident.js';
import type { Governance } from '../governance/governance.js';
import type { ApplicationPorts } from './ports.js';

/** Recommendations under human decision: what governance offers, told on the incident's timeline as well. */
export interface DecisionUseCases extends Pick<
  Governance,
  'record' | 'records' | 'callback' | 'killSwitch' | 'setKillSwitch' | 'reviews' | 'review' | 'decides' | 'breaksGlass'
> {
  /** Puts an action on the table of an open incident, beside what the diagnosis proposes. @throws AppError */
  propose(request: ProposalRequest, by: Actor): Promise<RecommendationRecord>;
  /** @throws Conflict with the current digest and the difference when the one given is stale */
  vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord>;
  revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  withdraw(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** A person says what became of an action. */
  report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord>;
}

/** @returns the use cases of `/api/v1/recommendations`, votes, executions and reviews */
export function decisionUseCases({
  governance,
  incidents,
  proposalFor,
  incident,
}: Pick<ApplicationPorts, 'governance' | 'incidents' | 'proposalFor'> & {
  readonly incident: (id: IncidentId) => Promise<Incident>;
}): DecisionUseCases {
  const onTimeline = async (
    { recommendation }: RecommendationRecord,
    kind: TimelineEntry['kind'],
    text: (title: string) => string,
  ): Promise<void> => {
    await incidents.appendTimeline(recommendation, { kind, text: text(`"${recommendation.title}"`) });
  };
  return {
    record: (id) => governance.record(id),
    records: (filter) => governance.records(filter),
    async propose({ incident: about, action, why }, by) {
      if (action === 'none') throw new Invalid('there is nothing to propose in "none"', 'action');
      const of = await incident(about);
      return governance.proposeBy(of, proposalFor(of, action, why), by);
    },
    async vote(request, by) {
      const done = request.verdict === 'approve' ? 'approved' : 'rejected';
      const voted = await governance.vote(request, by);
      await onTimeline(voted, 'decision', (title) => `${by.name} ${done} ${title}: ${request.reason}`);
      await governance.dispatch();
      const record = await governance.record(request.recommendation);
      if (record.execution !== null) {
        const { state, detail } = record.execution;
        await onTimeline(record, 'execution', (title) => `${title}: ${state}. ${detail}`);
      }
      return record;
    },
    async revoke(id, reason, by) {
      const record = await governance.revoke(id, reason, by);
      await onTimeline(record, 'decision', (title) => `${by.name} revoked ${title}: ${reason}`);
      return record;
    },
    async withdraw(id, reason, by) {
      const record = await governance.withdrawOne(id, reason, by);
      await onTimeline(record, 'decision', (title) => `${by.name} withdrew ${title}: ${reason}`);
      return record;
    },
    async report(id, outcome, detail, by) {
      const record = await governance.report(id, outcome, detail, by);
      await onTimeline(record, 'execution', (title) => `${by.name}: ${title} ${outcome}. ${detail}`);
      return record;
    },
    callback: (id, outcome, detail, by) => governance.callback(id, outcome, detail, by),
    decides: (by) => governance.decides(by),
    breaksGlass: (by) => governance.breaksGlass(by),
    async setKillSwitch(on, reason, by) {
      await governance.setKillSwitch(on, reason, by);
      if (!on) await governance.dispatch();
    },
    killSwitch: () => governance.killSwitch(),
    reviews: (open) => governance.reviews(open),
    review: (id, finding, by) => governance.review(id, finding, by),
  };
}
