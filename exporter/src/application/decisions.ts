import type { Actor } from '../domain/actor.js';
import type { DecisionRecord, ProposalRequest, RecommendationRecord, VoteRequest } from '../domain/decision-record.js';
import { Invalid } from '../domain/errors.js';
import type { IncidentId, RecommendationId } from '../domain/identifiers.js';
import type { Incident, TimelineEntry } from '../domain/incident.js';
import type { EventBus, Logger, Store } from '../domain/ports.js';
import type { Recommendation, RecommendationState } from '../domain/recommendation.js';
import type { Governance } from '../governance/governance.js';
import type { ApplicationPorts } from './ports.js';

/** Recommendations under human decision, each with its line on the incident's timeline. Nobody waits for an executor: what comes of it follows by event. */
export interface DecisionUseCases extends Pick<
  Governance,
  | 'record'
  | 'records'
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
  /** Resolves when every outcome that was published is on its timeline, or logged as impossible to add. */
  outcomesOnTimeline(): Promise<void>;
}

export interface DecisionPorts extends Pick<ApplicationPorts, 'governance' | 'proposalFor'> {
  readonly incidents: Pick<ApplicationPorts['incidents'], 'appendTimeline'>;
  readonly store: Pick<Store, 'decisions'>;
  readonly events: Pick<EventBus, 'subscribe'>;
  readonly logger: Pick<Logger, 'error'>;
  readonly incident: (id: IncidentId) => Promise<Incident>;
}

const EXECUTED: readonly RecommendationState[] = ['succeeded', 'failed', 'unknown'];

/** @returns the use cases of `/api/v1/recommendations`, votes, executions and reviews */
export function decisionUseCases({
  governance,
  incidents,
  proposalFor,
  incident,
  store,
  events,
  logger,
}: DecisionPorts): DecisionUseCases {
  const onTimeline = async (
    { recommendation }: Pick<DecisionRecord, 'recommendation'>,
    kind: TimelineEntry['kind'],
    text: (title: string) => string,
  ): Promise<void> => {
    await incidents.appendTimeline(recommendation, { kind, text: text(`"${recommendation.title}"`) });
  };
  /** What became of an execution, whether its answer, a lookup or a callback brought it. */
  const followExecution = async ({ id, state }: Recommendation): Promise<void> => {
    const record = await store.decisions.get(id);
    // What a person reports has a line already that names them.
    if (record?.execution == null || record.attempts.at(-1)?.kind === 'person') return;
    const { state: now, detail } = record.execution;
    await onTimeline(record, 'execution', (title) => `${title}: ${state}.${now === state ? ` ${detail}` : ''}`);
  };
  const outcomes = new Set<Promise<void>>();
  events.subscribe((event) => {
    if (event.kind !== 'recommendation-updated' || !EXECUTED.includes(event.recommendation.state)) return;
    const { id } = event.recommendation;
    const outcome = followExecution(event.recommendation).catch((error: unknown) => {
      logger.error({ recommendation: id, error: String(error) }, 'an outcome could not be added to its timeline');
    });
    outcomes.add(outcome);
    void outcome.then(() => outcomes.delete(outcome));
  });
  return {
    outcomesOnTimeline: async () => void (await Promise.all(outcomes)),
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
      governance.wake(voted.recommendation.modelId);
      return voted;
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
    actionsVotableBy: (by) => governance.actionsVotableBy(by),
    mayBreakGlass: (by) => governance.mayBreakGlass(by),
    async setKillSwitch(on, reason, by) {
      await governance.setKillSwitch(on, reason, by);
      if (!on) governance.wake();
    },
    killSwitch: () => governance.killSwitch(),
    reviews: (open) => governance.reviews(open),
    review: (id, finding, by) => governance.review(id, finding, by),
  };
}
