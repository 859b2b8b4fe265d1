import type { RecommendationId } from '../domain/identifiers.js';
import type { Recommendation } from '../domain/recommendation.js';
import type { Executors } from './executors/index.js';
import { staleProposals } from './resolved-plan.js';

/** Targets are others' servers: however many plans wait, so many are asked about in a turn. */
const PLANS_PER_TURN = 40;

/** Whether the targets of pending plans are still as the plans say, asked a few at a time, the least recently checked first. */
export class PlanChecks {
  private asked = 0;
  /** How many had been asked about when a plan was. */
  private checkedAs = new Map<RecommendationId, number>();

  constructor(
    private readonly executors: Executors,
    private readonly plansPerTurn: number = PLANS_PER_TURN,
  ) {}

  /** @returns of the plans whose turn it is, those whose target is no longer as they say */
  async stale(pending: readonly Recommendation[]): Promise<readonly Recommendation[]> {
    const known = this.checkedAs;
    const due = pending
      .filter(({ plan }) => plan !== null && this.executors[plan.executor].resolve !== undefined)
      .sort((a, b) => (known.get(a.id) ?? 0) - (known.get(b.id) ?? 0))
      .slice(0, this.plansPerTurn);
    // Only of those that still wait, or it would grow for ever.
    this.checkedAs = new Map(
      pending.flatMap(({ id }) => {
        const number = known.get(id);
        return number === undefined ? [] : [[id, number] as const];
      }),
    );
    for (const { id } of due) this.checkedAs.set(id, (this.asked += 1));
    return staleProposals(this.executors, due);
  }
}
