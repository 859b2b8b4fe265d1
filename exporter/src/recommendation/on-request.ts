import type { Diagnosis } from '../domain/cause.js';
import type { ActionId, Proposal } from '../domain/recommendation.js';
import { proposalOf } from './recommend.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';
import { validatedDeployment } from './candidate-validation.js';
import { type RecommendationContext } from './context.js';

/** An action somebody asks for: worded by the cause's own rule for it when there is one, with the reason they gave. */
export function proposalOnRequest(
  action: ActionId,
  why: string,
  diagnosis: Diagnosis,
  context: RecommendationContext,
): Proposal {
  const cause = diagnosis.causes[0]?.id ?? 'none';
  const rule: Rule = [...validatedDeployment(cause, context.validation), ...RULES[cause]].find(
    (known) => known.action === action,
  ) ?? {
    action,
    title: () => `${action} ${context.modelName}`,
    why: () => '',
    steps: () => [],
    expectedEffect: 'What its proposer expects; the rules do not know this action for this cause.',
    risk: 'Not judged: the rules do not know this action for this cause.',
  };
  return { ...proposalOf(rule, cause, diagnosis, context), why, priority: 'MEDIUM' };
}
