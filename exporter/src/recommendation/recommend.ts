import { counted } from '../domain/quantity-text.js';
import { planFor } from '../domain/action-target.js';
import {
  attributedFindings,
  failsEachCall,
  WORTH_A_LOOK,
  type Cause,
  type CauseId,
  type Diagnosis,
} from '../domain/cause.js';
import { subjectText, type FindingSubject } from '../domain/finding.js';
import { PRIORITIES, type ActionId, type Priority, type Proposal, type TrackRecord } from '../domain/recommendation.js';
import { shownAddress } from '../domain/shown-address.js';
import type { Severity } from '../domain/severity.js';
import { validatedDeployment, validationText } from './candidate-validation.js';
import type { Validation } from '../domain/validation.js';
import { accessRules } from './access-rules.js';
import { hasNewVersion, type Rule } from './rule.js';
import { EACH_CALL_FAILS, RULES } from './rules.js';
import { type Plan } from '../domain/executor.js';
import type { RecommendationContext } from './context.js';

const TOP: Readonly<Record<Severity, Priority>> = {
  critical: 'CRITICAL',
  high: 'HIGH',
  medium: 'MEDIUM',
  low: 'LOW',
  none: 'NONE',
};

/** Causes whose remedy depends on how the calls fail. */
const CALLS_FAIL: ReadonlySet<CauseId> = new Set(['model-unreachable', 'endpoint-errors', 'error-in-answer']);

const rulesOf = (cause: Cause): readonly Rule[] => (failsEachCall(cause) ? EACH_CALL_FAILS : RULES[cause.id]);

/** Proposals for the diagnosis, most urgent first. The best one has the severity's priority, each following is one step milder. */
export function recommend(diagnosis: Diagnosis, context: RecommendationContext): Proposal[] {
  const [winner, ...others] = diagnosis.causes;
  if (winner === undefined || diagnosis.severity === 'none') return [nothingToDo()];
  const causeRules = (CALLS_FAIL.has(winner.id) ? accessRules(diagnosis) : null) ?? rulesOf(winner);
  const rules = [...validatedDeployment(winner.id, context.validation), ...causeRules].filter((rule) =>
    applies(rule, diagnosis, context),
  );
  const ranked = rules
    .map((rule) => ({
      proposal: proposalOf(rule, winner.id, diagnosis, context),
      lowerQuantile20: context.successEstimate(winner.id, rule.action, ruleRank(rule.action, winner.id))
        .lowerQuantile20,
    }))
    .sort(
      (a, b) =>
        doubtOf(a.proposal, context.validation) - doubtOf(b.proposal, context.validation) ||
        b.lowerQuantile20 - a.lowerQuantile20,
    )
    .map(({ proposal }) => proposal);
  // Not one that blames the same inputs: there the winner's steps look.
  const runnerUp = others.find(
    ({ id, probability, features }) =>
      id !== 'none' &&
      id !== winner.id &&
      probability >= WORTH_A_LOOK &&
      (features.length === 0 || features.some((feature) => !winner.features.includes(feature))),
  );
  const alternative =
    runnerUp === undefined
      ? undefined
      : RULES[runnerUp.id].find(
          (rule) => applies(rule, diagnosis, context) && !ranked.some(({ action }) => action === rule.action),
        );
  const all =
    alternative === undefined || runnerUp === undefined
      ? ranked
      : [...ranked, proposalOf(alternative, runnerUp.id, diagnosis, context)];
  return all.map((proposal, rank) => ({ ...proposal, priority: milder(TOP[diagnosis.severity], rank) }));
}

/** What is measured to be worse is not offered as the new normal. */
function applies(rule: Rule, { impact }: Diagnosis, context: RecommendationContext): boolean {
  if (rule.action !== 'rebaseline') return true;
  const isMeasuredWorse = impact?.harm === 'wrong-answer' && impact.basis === 'counted';
  return context.hasBaseline && !isMeasuredWorse;
}

/** Deploying a candidate that passed its validation goes before the others, an action whose candidate failed behind them. */
function doubtOf({ action }: Proposal, validation: Validation | null): number {
  if (validation === null || validationText(action, validation) === null) return 0;
  if (validation.verdict === 'pass' && action === 'deploy') return -1;
  return validation.verdict === 'fail' ? 1 : 0;
}

const ruleRank = (action: ActionId, cause: CauseId): number => {
  const rank = RULES[cause].findIndex((rule) => rule.action === action);
  return rank < 0 ? RULES[cause].length : rank;
};

function recordText({ helped, tried, successEstimate: { low, high } }: TrackRecord): string {
  return ` It helped ${helped} of ${tried} times before (95 % interval of its chance to help: ${low.toFixed(2)}–${high.toFixed(2)}).`;
}

function milder(priority: Priority, steps: number): Priority {
  const at = PRIORITIES.indexOf(priority) + steps;
  return PRIORITIES[Math.min(at, PRIORITIES.indexOf('LOW'))] ?? 'LOW';
}

/** The proposal a rule makes for a diagnosis; LOW until it is ranked. */
export function proposalOf(rule: Rule, cause: CauseId, diagnosis: Diagnosis, context: RecommendationContext): Proposal {
  const subject = { diagnosis, context, features: diagnosis.features };
  const trackRecord = context.track(cause, rule.action, ruleRank(rule.action, cause));
  const record = trackRecord === null ? '' : recordText(trackRecord);
  const validated = context.validation === null ? null : validationText(rule.action, context.validation);
  return {
    action: rule.action,
    cause,
    title: rule.title(subject),
    priority: 'LOW',
    why: rule.why(subject) + record + (validated === null ? '' : ` ${validated}`),
    steps: [...rule.steps(subject), ...(validated === null ? [] : [validated])],
    expectedEffect: rule.expectedEffect,
    risk: rule.risk,
    verificationText: verificationText(diagnosis, context),
    verification: { ...clearing(diagnosis), ...context.verification },
    plan: planOf(rule.action, cause, diagnosis, context),
    trackRecord,
  };
}

function verificationText(diagnosis: Diagnosis, { verification: { holdMs } }: RecommendationContext): string {
  const { mustClear, subjects } = clearing(diagnosis);
  if (mustClear.length === 0) return `No check finds anything for ${holdText(holdMs)}.`;
  return `What was found of ${subjects.map(subjectText).join(', ')} (${mustClear.join(', ').replaceAll('-', ' ')}) is gone and stays away for ${holdText(holdMs)}.`;
}

const holdText = (holdMs: number): string =>
  holdMs % 60_000 === 0 ? counted(holdMs / 60_000, 'minute') : counted(holdMs / 1_000, 'second');

/** What must be normal again: the findings about what the cause blames, and not whatever else moved meanwhile. */
function clearing(diagnosis: Diagnosis): { readonly mustClear: string[]; readonly subjects: FindingSubject[] } {
  const attributed = attributedFindings(diagnosis);
  return {
    mustClear: [...new Set(attributed.map(({ detector }) => detector))],
    subjects: [...new Set(attributed.map(({ subject }) => subject))],
  };
}

function planOf(action: ActionId, cause: CauseId, diagnosis: Diagnosis, context: RecommendationContext): Plan | null {
  if (action === 'rebaseline') return { executor: 'rebaseline', target: context.modelId, parameters: {} };
  const plan = planFor(context.targets, {
    action,
    model: context.modelId,
    cause,
    features: diagnosis.features,
    version: context.versionStep.from,
    previousVersion: action === 'rollback' && hasNewVersion(diagnosis) ? context.versionStep.to : null,
  });
  const { validation } = context;
  if (plan === null || validation === null || validationText(action, validation) === null) return plan;
  const { id, verdict, candidateUrl } = validation;
  return {
    ...plan,
    parameters: { ...plan.parameters, validation: { id, verdict, candidate: shownAddress(candidateUrl) } },
  };
}

function nothingToDo(): Proposal {
  return {
    action: 'none',
    cause: 'none',
    title: 'No action required',
    priority: 'NONE',
    why: 'No check found anything.',
    steps: [],
    expectedEffect: 'none',
    risk: 'none',
    verificationText: 'the next evaluation',
    verification: null,
    plan: null,
    trackRecord: null,
  };
}
