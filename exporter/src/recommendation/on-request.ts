import type { CauseId, Diagnosis } from '../domain/cause.js';
import { Invalid } from '../domain/errors.js';
import type { ActionId, Proposal } from '../domain/recommendation.js';
import { proposalOf } from './recommend.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';
import { validatedDeployment } from './candidate-validation.js';
import { type RecommendationContext } from './context.js';

/**
 * An action somebody asks for: worded by the cause's own rule for it when there is one, with the reason they gave.
 * @param against one of the diagnosis' causes, where the action is not against its first
 * @throws Invalid where the diagnosis does not list it
 */
export function proposalOnRequest(
  action: ActionId,
  why: string,
  told: Diagnosis,
  against: CauseId | null,
  context: RecommendationContext,
): Proposal {
  const diagnosis = against === null ? told : blaming(told, against);
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

/** The same diagnosis with one of its other causes first. */
function blaming(diagnosis: Diagnosis, cause: CauseId): Diagnosis {
  const named = diagnosis.causes.find(({ id }) => id === cause);
  if (named === undefined)
    throw new Invalid(`is none of the incident’s causes (${diagnosis.causes.map(({ id }) => id).join(', ')})`, 'cause');
  const others = diagnosis.causes.filter((other) => other !== named);
  return { ...diagnosis, causes: [named, ...others], features: named.features };
}
