import { canonicalize } from 'json-canonicalize';
import type { Proposal, Recommendation } from '../domain/recommendation.js';
import type { Executors } from './executors/index.js';

/** Targets that are asked at the same time. */
const ASKED_AT_ONCE = 8;

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
  const stale: Recommendation[] = [];
  for (let from = 0; from < recommendations.length; from += ASKED_AT_ONCE) {
    const asked = recommendations.slice(from, from + ASKED_AT_ONCE);
    const now = await resolvePlans(executors, asked);
    stale.push(...asked.filter(({ plan }, i) => canonicalize(plan) !== canonicalize(now[i]?.plan ?? null)));
  }
  return stale;
}
