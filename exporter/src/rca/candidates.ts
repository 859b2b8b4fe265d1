import type { Evidence } from '../domain/evidence.js';
import type { CauseDefinition, Hypothesis } from './causes/cause-definition.js';
import { CAUSES } from './causes/index.js';
import { SIGNS } from './signs/index.js';

/** A hypothesis with what every sign says about it, in the order of `SIGNS`. */
export interface Candidate {
  readonly definition: CauseDefinition;
  readonly hypothesis: Hypothesis;
  readonly signs: readonly number[];
}

/** Every version of every cause that the evidence leaves in play. Never empty: "nothing is wrong" always competes. */
export function candidates(evidence: Evidence): Candidate[] {
  return CAUSES.flatMap((definition) =>
    definition.hypotheses(evidence).map((hypothesis) => ({
      definition,
      hypothesis,
      signs: SIGNS.map(({ value }) => value(evidence, hypothesis)),
    })),
  );
}
