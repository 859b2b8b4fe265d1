import { canonicalize } from 'json-canonicalize';
import type { Proposal, Recommendation } from '../domain/recommendation.js';
import type { Executors } from './executors/index.js';

/** A proposal whose plan names what was found at its target, so that people approve that and nothing else. */
async function resolved<P extends Proposal>(executors: Executors, proposal: P): Promise<P> {
  const { plan } = proposal;
  const executor = plan === null ? undefined : executors[plan.executor];
  return plan === null || executor?.resolve === undefined
    ? proposal
    : { ...proposal, plan: await executor.resolve(plan) };
}

/** Proposals with resolved plans, in their order. */
export const resolvePlans = (executors: Executors, proposals: readonly Proposal[]): Promise<readonly Proposal[]> =>
  Promise.all(proposals.map((proposal) => resolved(executors, proposal)));

/** Of these recommendations, those whose target is no longer as their plan says, or could not be asked when it was made. */
export async function staleProposals(
  executors: Executors,
  recommendations: readonly Recommendation[],
): Promise<readonly Recommendation[]> {
  const now = await Promise.all(recommendations.map((recommendation) => resolved(executors, recommendation)));
  return recommendations.filter(({ plan }, index) => canonicalize(plan) !== canonicalize(now[index]?.plan ?? null));
}
