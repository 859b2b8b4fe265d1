import type { Application } from '../domain/application.js';
import { Invalid } from '../domain/errors.js';
import type { IncidentId } from '../domain/identifiers.js';
import type { Incident, TimelineEntry } from '../domain/incident.js';
import type { DecisionRepository, EventBus, Logger } from '../domain/ports.js';
import type { ActionId, Proposal, Recommendation, RecommendationState } from '../domain/recommendation.js';
import type { Governance } from '../governance/governance.js';
import type { IncidentManager } from '../incidents/incident-manager.js';

export interface DecisionPorts {
  readonly governance: Governance;
  readonly decisions: Pick<DecisionRepository, 'get'>;
  readonly incidents: Pick<IncidentManager, 'appendTimeline'>;
  readonly events: Pick<EventBus, 'subscribe'>;
  readonly logger: Pick<Logger, 'error'>;
  readonly incident: (id: IncidentId) => Promise<Incident>;
  /** The action as a proposal for the incident, with the plan that would carry it out. */
  readonly proposalFor: (incident: Incident, action: ActionId, why: string) => Proposal;
}

type DecisionUseCases = Pick<
  Application,
  | 'recommendation'
  | 'recommendations'
  | 'propose'
  | 'vote'
  | 'revoke'
  | 'withdraw'
  | 'report'
  | 'callback'
  | 'actionsVotableBy'
  | 'mayBreakGlass'
  | 'setKillSwitch'
  | 'killSwitch'
  | 'reviews'
  | 'review'
>;

/** Decisions, each with its line in the incident's timeline. Nobody waits for an executor: what comes of it follows by event. */
export function decisionUseCases(ports: DecisionPorts): DecisionUseCases {
  const { governance } = ports;
  const append = (about: Recommendation, kind: TimelineEntry['kind'], text: string): Promise<void> =>
    ports.incidents.appendTimeline(about, { kind, text });
  followExecutions(ports, append);
  return {
    recommendation: (id) => governance.record(id),
    recommendations: (filter) => governance.records(filter),
    async propose({ incident: about, action, why }, by) {
      if (action === 'none') throw new Invalid('there is nothing to propose in "none"', 'action');
      const incident = await ports.incident(about);
      return governance.proposeBy(incident, ports.proposalFor(incident, action, why), by);
    },
    async vote(request, by) {
      const record = await governance.vote(request, by);
      const { recommendation } = record;
      const done = request.verdict === 'approve' ? 'approved' : 'rejected';
      await append(recommendation, 'decision', `${by.name} ${done} "${recommendation.title}": ${request.reason}`);
      governance.wake(recommendation.modelId);
      return record;
    },
    async revoke(id, reason, by) {
      const record = await governance.revoke(id, reason, by);
      const { recommendation } = record;
      await append(recommendation, 'decision', `${by.name} revoked "${recommendation.title}": ${reason}`);
      return record;
    },
    async withdraw(id, reason, by) {
      const record = await governance.withdrawOne(id, reason, by);
      const { recommendation } = record;
      await append(recommendation, 'decision', `${by.name} withdrew "${recommendation.title}": ${reason}`);
      return record;
    },
    async report(id, outcome, detail, by) {
      const record = await governance.report(id, outcome, detail, by);
      const { recommendation } = record;
      await append(recommendation, 'execution', `${by.name}: "${recommendation.title}" ${outcome}. ${detail}`);
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

const EXECUTED: readonly RecommendationState[] = ['succeeded', 'failed', 'unknown'];

/** Adds what became of an execution to its incident's timeline, whether its answer, a lookup or a callback brought it. */
function followExecutions(
  { events, decisions, logger }: DecisionPorts,
  append: (about: Recommendation, kind: 'execution', text: string) => Promise<void>,
): void {
  const follow = async (about: Recommendation): Promise<void> => {
    const execution = await decisions.get(about.id);
    // What a person reports has a line already that names them.
    if (execution?.execution == null || execution.attempts.at(-1)?.kind === 'person') return;
    const { state, detail } = execution.execution;
    await append(about, 'execution', `"${about.title}": ${about.state}.${state === about.state ? ` ${detail}` : ''}`);
  };
  events.subscribe((event) => {
    if (event.kind !== 'recommendation-updated' || !EXECUTED.includes(event.recommendation.state)) return;
    follow(event.recommendation).catch((error: unknown) =>
      logger.error(
        { recommendation: event.recommendation.id, error: String(error) },
        'an outcome could not be added to its timeline',
      ),
    );
  });
}
