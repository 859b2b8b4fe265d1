import type { Config } from './config/config.js';
import type { Incident } from './domain/incident.js';
import type { ActionId, Proposal } from './domain/recommendation.js';
import type { Fleet } from './fleet.js';
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
    verification: config.governance.verification,
    validation: fleet.validation(incident.modelId),
    track: (cause, tried, place) => trackRecord(cause, tried, place, learnt),
    outlook: (cause, tried, place) => actionOutlook(cause, tried, place, learnt),
    hasBaseline: baseline !== null,
    versionLabel: model.versionLabel,
  });
}
