import type { AnyActionTarget } from '../domain/action-target.js';
import type { Incident } from '../domain/incident.js';
import type { ProposalRequest } from '../domain/decision-record.js';
import type { Proposal, VerificationTimes } from '../domain/recommendation.js';
import { recommendationContext } from '../evaluation/knowledge.js';
import { versionStep } from '../monitoring/answered-versions.js';
import { answeredVersions } from '../monitoring/call-counters.js';
import type { Fleet } from '../monitoring/fleet.js';
import { proposalOnRequest } from '../recommendation/on-request.js';

/** An action somebody asks for, as the rules would propose it for the incident. */
export function requestedProposal(
  { action, why, cause }: Omit<ProposalRequest, 'incident'>,
  { modelId, fingerprint, diagnosis }: Incident,
  fleet: Fleet,
  rules: { readonly targets: readonly AnyActionTarget[]; readonly verification: VerificationTimes },
): Proposal {
  const { model, baseline, counters } = fleet.monitoredModel(modelId);
  const knowledge = { ...rules, lessons: fleet.knownLessons(), validation: fleet.validation(modelId) };
  const step = versionStep(answeredVersions(counters), model.versionLabel);
  const stands = { versionStep: step, hasBaseline: baseline !== null };
  const context = recommendationContext(model, stands, knowledge, fingerprint, diagnosis.atMs);
  return proposalOnRequest(action, why, diagnosis, cause, context);
}
