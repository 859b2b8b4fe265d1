import type { CauseId } from '../domain/cause.js';
import type { ActionId } from '../domain/recommendation.js';
import { shownAddress } from '../domain/shown-address.js';
import type { Estimate, Validation } from '../domain/validation.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';

const SENTENCES = 3;

/** The sentence about the validation that speaks for or against an action; null when it speaks about neither. */
export function validationText(action: ActionId, validation: Validation): string | null {
  const about = action === 'deploy' ? 'replace' : action === 'rollback' ? 'restore' : null;
  if (about !== validation.purpose || validation.verdict === null) return null;
  const verdict = { pass: 'passed', fail: 'failed', inconclusive: 'was inconclusive' }[validation.verdict];
  return `Validation ${validation.id} of the candidate at ${shownAddress(validation.candidateUrl)} ${verdict}: ${validation.reasons.slice(0, SENTENCES).join(' ')}`;
}

/**
 * What a candidate that passed was measured to do better, so that putting it into service cures the cause; null where it was not. Passing
 * says only that it is no worse than the model in service, which is the one that is ill.
 */
function measuredGain(cause: CauseId, { comparison }: Validation): string | null {
  const accuracy = comparison?.accuracy ?? null;
  if (accuracy !== null && accuracy.difference.interval.low > 0)
    return `More answers are right: ${points(accuracy.difference)} on ${accuracy.labelled} labelled inputs.`;
  const shift = comparison?.confidenceShift ?? null;
  if (shift === null || shift.interval.low <= 0 || cause !== 'underconfident-model') return null;
  return `Confidence rises by ${points(shift)} on the same inputs.`;
}

const points = ({ value, interval }: Estimate): string => {
  const [mean, low, high] = [value, interval.low, interval.high].map((share) => (100 * share).toFixed(1));
  return `${mean} points (${low} to ${high})`;
};

/** Putting a candidate into service is offered only after it passed and was measured to be better, and only for causes a new model can cure. */
export function validatedDeployment(cause: CauseId, validation: Validation | null): readonly Rule[] {
  if (validation?.verdict !== 'pass' || validation.purpose !== 'replace') return [];
  if (!RULES[cause].some(({ action }) => action === 'retrain')) return [];
  const gain = measuredGain(cause, validation);
  if (gain === null) return [];
  const version = validation.candidateVersion === null ? '' : ` (version ${validation.candidateVersion})`;
  return [
    {
      action: 'deploy',
      title: ({ context }) => `Put the validated candidate of ${context.modelName} into service`,
      why: () => `A newer version is there, and it passed its validation against the one in service. ${gain}`,
      steps: () => [
        `Send a part of the traffic to ${shownAddress(validation.candidateUrl)}${version} first, then all of it.`,
        'Declare the release, so that its new answers are expected.',
      ],
      expectedEffect: gain,
      risk: 'What validation could not ask: inputs of another kind, load, and what follows from its answers.',
    },
  ];
}
