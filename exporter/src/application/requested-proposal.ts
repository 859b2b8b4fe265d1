import type { AnyActionTarget } from '../domain/action-target.js';
import type { Incident } from '../domain/incident.js';
import type { ActionId, Proposal, VerificationTimes } from '../domain/recommendation.js';
import type { Fleet } from '../monitoring/fleet.js';
import { estimateSuccess } from '../incident-history/success-estimate.js';
import { trackRecord } from '../incident-history/track-record.js';
import { proposalOnRequest } from '../recommendation/on-request.js';

/** An action somebody asks for, as the rules would propose it for the incident. */
export function requestedProposal(
  action: ActionId,
  why: string,
  incident: Incident,
  fleet: Fleet,
  rules: { readonly targets: readonly AnyActionTarget[]; readonly verification: VerificationTimes },
): Proposal {
  const { model, baseline } = fleet.monitoredModel(incident.modelId);
  const { fingerprint, diagnosis } = incident;
  const learnt = { fingerprint, atMs: diagnosis.atMs, lessons: fleet.knownLessons() };
  return proposalOnRequest(action, why, diagnosis, {
    modelId: model.id,
    modelName: model.name,
    targets: rules.targets,
    verification: rules.verification,
    validation: fleet.validation(incident.modelId),
    track: (cause, tried, place) => trackRecord(cause, tried, place, learnt),
    successEstimate: (cause, tried, place) => estimateSuccess(cause, tried, place, learnt),
    hasBaseline: baseline !== null,
    versionLabel: model.versionLabel,
  });
}
