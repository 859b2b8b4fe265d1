import type { Proposal } from '../../domain/recommendation.js';
import type { Executors } from './index.js';

/** Proposals whose plans name what was found at their targets, so that people approve that and nothing else. */
export const pinned = (executors: Executors, proposals: readonly Proposal[]): Promise<readonly Proposal[]> =>
  Promise.all(
    proposals.map(async (proposal) => {
      const { plan } = proposal;
      const executor = plan === null ? undefined : executors[plan.executor];
      return plan === null || executor?.pin === undefined ? proposal : { ...proposal, plan: await executor.pin(plan) };
    }),
  );
