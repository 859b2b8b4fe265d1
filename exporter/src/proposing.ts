/** Proposals on their way to governance: what somebody asks for, and what executors found at their targets. */
import type { Config } from './config/config.js';
import type { Incident } from './domain/incident.js';
import type { ActionId, Proposal } from './domain/recommendation.js';
import type { Fleet } from './fleet.js';
import type { Executors } from './governance/executors/index.js';
import { actionOutlook } from './learning/outlook.js';
import { trackRecord } from './learning/track-record.js';
import { proposalOnRequest } from './recommendation/on-request.js';

/** An action somebody asks for, as the rules would propose it for the incident. */
export function requestedProposal(
  action: ActionId,
  why: string,
  incident: Incident,
  fleet: Fleet,
  config: Config,
): Proposal {
  const { model, baseline } = fleet.watch(incident.modelId);
  const { fingerprint, diagnosis } = incident;
  const learnt = { fingerprint, atMs: diagnosis.atMs, lessons: fleet.experienceLessons() };
  return proposalOnRequest(action, why, diagnosis, {
    modelId: model.id,
    modelName: model.name,
    targets: config.governance.targets,
    track: (cause, tried, place) => trackRecord(cause, tried, place, learnt),
    outlook: (cause, tried, place) => actionOutlook(cause, tried, place, learnt),
    hasBaseline: baseline !== null,
    versionLabel: model.versionLabel,
  });
}

/** Proposals whose plans name what was found at their targets, so that people approve that and nothing else. */
export const pinned = (executors: Executors, proposals: readonly Proposal[]): Promise<readonly Proposal[]> =>
  Promise.all(
    proposals.map(async (proposal) => {
      const { plan } = proposal;
      const executor = plan === null ? undefined : executors[plan.executor];
      return plan === null || executor?.pin === undefined ? proposal : { ...proposal, plan: await executor.pin(plan) };
    }),
  );
