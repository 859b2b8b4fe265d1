import { mostUrgentFirst, type DecisionRecord, type RecommendationRecord } from '../domain/decision-record.js';
import { NotFound } from '../domain/errors.js';
import type { RecommendationId } from '../domain/identifiers.js';
import type { Recommendation, RecommendationState } from '../domain/recommendation.js';
import { closeIncident } from './closing.js';
import { ABANDONED_AFTER_MS, Dispatcher } from './dispatcher.js';
import type { Governance, GovernancePorts, Publish, RecordFilter } from './ports.js';
import { Proposals } from './proposals.js';
import { resolvePlans } from './resolved-plan.js';
import { reviewBreakGlass } from './rules/break-glass.js';
import { switchExecutions } from './rules/kill-switch.js';
import { Settlement } from './settlement.js';
import { Verifications } from './verification.js';
import { Voting } from './voting.js';

export type { Governance } from './ports.js';

/** Composes what becomes of a recommendation: proposed, voted on, carried out, settled, verified. */
export function createGovernance(ports: GovernancePorts): Governance {
  const { store, clock, events } = ports;
  const publish: Publish = (recommendations) => {
    for (const recommendation of recommendations) events.publish({ kind: 'recommendation-updated', recommendation });
  };
  const proposals = new Proposals(ports, publish);
  const settlement = new Settlement(ports, publish);
  const voting = new Voting(ports, settlement, publish);
  const dispatcher = new Dispatcher(ports, settlement, publish);
  const verifications = new Verifications(ports, publish);
  // What holds up an incident has an age: of one that is sent for longer nobody settles any more what came of it.
  const sentSinceMs = (): number => clock.now() - ABANDONED_AFTER_MS - ports.policy().verification.giveUpMs;
  return {
    resolve: (made) => resolvePlans(ports.executors, made),
    propose: (incident, made) => proposals.propose(incident, made),
    proposeBy: (incident, made, by) => proposals.proposeBy(incident, made, by),
    close: (closing) => closeIncident(store, closing, sentSinceMs()),
    withdraw: (incident, reason) => proposals.withdrawAll(incident, reason),
    withdrawOne: (id, reason, by) => proposals.withdraw(id, reason, by),
    actionsVotableBy: (by) => voting.actionsVotableBy(by),
    mayBreakGlass: (by) => voting.mayBreakGlass(by),
    vote: (request, by) => voting.vote(request, by),
    revoke: (id, reason, by) => voting.revoke(id, reason, by),
    report: (id, outcome, detail, by) => voting.report(id, outcome, detail, by),
    callback: (id, outcome, detail, by) => settlement.settle(id, { kind: outcome, detail }, 'callback', by),
    record: (id) => recordOf(ports, id),
    records: (filter) => recordsOf(ports, filter),
    isActionUnderWay: (incident) => store.decisions.isActionUnderWay(incident, sentSinceMs()),
    setKillSwitch: (on, reason, by) =>
      store.governance((transaction) => switchExecutions(transaction, on, reason, by, clock.now())),
    async killSwitch() {
      const switched = await store.governance((transaction) => transaction.killSwitch());
      return { ...switched, configured: ports.policy().killSwitch };
    },
    reviews: (open) => store.governance((transaction) => transaction.reviews({ open })),
    review: (id, finding, by) =>
      store.governance((transaction) => reviewBreakGlass(transaction, id, finding, by, ports.policy(), clock.now())),
    wake: (model) => dispatcher.wake(model),
    dispatch: () => dispatcher.dispatch(),
    async sweep() {
      await proposals.tidy();
      dispatcher.wake();
      settlement.lookUpInBackground();
    },
    async idle() {
      await dispatcher.idle();
      await settlement.idle();
    },
    async stop() {
      await dispatcher.stop();
      await settlement.idle();
    },
    verify: (incident, evaluated, nowMs) => verifications.verify(incident, evaluated, nowMs),
  };
}

async function recordOf(ports: GovernancePorts, id: RecommendationId): Promise<RecommendationRecord> {
  const found = await ports.store.decisions.get(id);
  if (found === null) throw new NotFound(`there is no recommendation "${id}"`, 'recommendation_id');
  return { ...found, dryRun: await dryRunOf(ports, found.recommendation) };
}

async function recordsOf(
  { store }: GovernancePorts,
  { pendingOnly, ...rest }: RecordFilter,
): Promise<readonly DecisionRecord[]> {
  return mostUrgentFirst(await store.decisions.list({ ...rest, ...(pendingOnly ? { states: ['pending'] } : {}) }));
}

/** What became of a recommendation that is no longer to be decided or sent. */
const PAST_WORDS: Readonly<Record<Exclude<RecommendationState, 'pending' | 'approved'>, string>> = {
  rejected: 'it was rejected',
  expired: 'it has expired',
  withdrawn: 'it was withdrawn',
  revoked: 'it was revoked',
  dispatching: 'it is being carried out',
  succeeded: 'it was sent',
  failed: 'it was tried and failed',
  unknown: 'it was sent, and what became of it is not known',
  recovered: 'it was carried out, and the model recovered',
  not_recovered: 'it was carried out, and the model did not recover',
  inconclusive: 'it was carried out, and whether it helped is not known',
};

async function dryRunOf({ executors }: GovernancePorts, { plan, state }: Recommendation): Promise<string> {
  if (plan === null)
    return 'advice for people: mlfi has nothing to execute (configure an executor for this action to change that)';
  if (state !== 'pending' && state !== 'approved') return `nothing more would be done: ${PAST_WORDS[state]}`;
  const prepared = await executors[plan.executor].prepare(plan);
  return prepared.kind === 'ready' ? prepared.text : `cannot be executed: ${prepared.reason}`;
}
