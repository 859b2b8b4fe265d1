import type { Diagnosis } from '../domain/cause.js';
import type { ActionId } from '../domain/recommendation.js';
import type { RecommendationContext } from './context.js';

export interface RuleSubject {
  readonly diagnosis: Diagnosis;
  readonly context: RecommendationContext;
  readonly features: readonly string[];
}

/** One action for one cause. The order of a cause's rules is their rank. */
export interface Rule {
  readonly action: ActionId;
  readonly title: (subject: RuleSubject) => string;
  readonly why: (subject: RuleSubject) => string;
  readonly steps: (subject: RuleSubject) => readonly string[];
  readonly expectedEffect: string;
  readonly risk: string;
}

/** The strongest reason for the cause. */
export const first = (subject: RuleSubject): string => subject.diagnosis.causes[0]?.supporting[0]?.text ?? '';
/** Whether a change of version was seen. */
export const hasNewVersion = ({ changes }: Diagnosis): boolean =>
  changes.some(({ kind }) => kind === 'model-version' || kind === 'deployment');

/** From which version to which: of one before is spoken only where a change of version was seen, else nobody knows of one. */
function versions({ context, diagnosis }: RuleSubject): { readonly from: string; readonly to: string } {
  const { from, to } = context.versionStep;
  if (!hasNewVersion(diagnosis)) return { from: '', to: 'an earlier version' };
  if (to !== null) return { from: from === null ? '' : ` from ${from}`, to };
  return { from: '', to: from === null ? 'the previous version' : `a version before ${from}` };
}

/** Somebody looks into it. */
export const investigate = (what: string, ...steps: readonly string[]): Rule => ({
  action: 'investigate',
  title: () => what,
  why: first,
  steps: () => steps,
  expectedEffect: 'The cause is narrowed down.',
  risk: 'No risk, as nothing is changed.',
});
/** The version before goes back into service. */
export const rollback = (why: string): Rule => ({
  action: 'rollback',
  title(subject) {
    const { from, to } = versions(subject);
    return `Roll ${subject.context.modelName} back${from} to ${to}`;
  },
  why: () => why,
  steps: (subject) => [
    `Put ${versions(subject).to} back into service.`,
    'Compare the golden answers with the baseline before sending all traffic to it.',
  ],
  expectedEffect: 'Golden answers return to those of the baseline.',
  risk: 'Improvements in the newer version are lost until it is fixed.',
});
/** The endpoint is started again. */
export const restart: Rule = {
  action: 'restart-endpoint',
  title: (subject) => `Restart the endpoint of ${subject.context.modelName}`,
  why: () => 'A server that has ended, or that hangs, answers again once it is started.',
  steps: () => [
    'Look at the server’s log and its last deployment before restarting.',
    'Restart it, then watch the next probes.',
  ],
  expectedEffect: 'Calls are answered again within a minute of the restart.',
  risk: 'Calls in flight are lost; if the cause is outside (network, quota), a restart changes nothing.',
};
