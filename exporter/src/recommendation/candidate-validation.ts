import type { CauseId } from '../domain/cause.js';
import type { ActionId } from '../domain/recommendation.js';
import type { Validation } from '../domain/validation.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';

const SENTENCES = 3;

/** The sentence about the validation that speaks for or against an action; null when it speaks about neither. */
export function validationText(action: ActionId, validation: Validation): string | null {
  const about = action === 'deploy' ? 'replace' : action === 'rollback' ? 'restore' : null;
  if (about !== validation.purpose || validation.verdict === null) return null;
  const verdict = { pass: 'passed', fail: 'failed', inconclusive: 'was inconclusive' }[validation.verdict];
  return `Validation ${validation.id} of the candidate at ${validation.candidateUrl} ${verdict}: ${validation.reasons.slice(0, SENTENCES).join(' ')}`;
}

/** Putting a candidate into service is offered only after it passed, and only for causes a new model can cure. */
export function validatedDeployment(cause: CauseId, validation: Validation | null): readonly Rule[] {
  if (validation?.verdict !== 'pass' || validation.purpose !== 'replace') return [];
  if (!RULES[cause].some(({ action }) => action === 'retrain')) return [];
  const version = validation.candidateVersion === null ? '' : ` (version ${validation.candidateVersion})`;
  return [
    {
      action: 'deploy',
      title: ({ context }) => `Put the validated candidate of ${context.modelName} into service`,
      why: () => 'A newer version is there, and it passed its validation against the one in service.',
      steps: () => [
        `Send a part of the traffic to ${validation.candidateUrl}${version} first, then all of it.`,
        'Declare the release, so that its new answers are expected.',
      ],
      expectedEffect: 'Accuracy and confidence on recent data return to the old level.',
      risk: 'What validation could not ask: inputs of another kind, load, and what follows from its answers.',
    },
  ];
}
