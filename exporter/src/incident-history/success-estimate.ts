import { betaInverse } from '../statistics/special-functions.js';
import type { CauseId } from '../domain/cause.js';
import type { Fingerprint } from '../domain/incident.js';
import type { Lesson } from '../domain/lesson.js';
import type { ActionId, SuccessEstimate } from '../domain/recommendation.js';
import { similarityAmong } from './similarity.js';

/** What the order of the rules is worth: the prior belief in the first, second, … action of a cause. */
const PRIOR_MEANS = [0.75, 0.6, 0.5];
const PRIOR_MEAN_OF_OTHERS = 0.4;
/** The prior counts as much as four incidents. */
const PRIOR_STRENGTH = 4;
const DAILY_DECAY = 0.98;
/** However much was fed back, it counts as no more than this many incidents, the newest first: wrong feedback can be outvoted. */
const MOST_EVIDENCE = 40;
const DAY_MS = 86_400_000;

export interface PastOutcomes {
  readonly fingerprint: Fingerprint;
  readonly atMs: number;
  readonly lessons: readonly Lesson[];
}

/** Verified outcomes of the action against the cause, newest first. */
export function verifiedOutcomes(
  cause: CauseId,
  action: ActionId,
  lessons: readonly Lesson[],
): { readonly lesson: Lesson; readonly helped: boolean }[] {
  return lessons
    .filter((lesson) => lesson.cause === cause)
    .flatMap((lesson) =>
      lesson.actions
        .filter((taken) => taken.action === action)
        .flatMap(({ outcome }) =>
          outcome === 'recovered' || outcome === 'not_recovered' ? [{ lesson, helped: outcome === 'recovered' }] : [],
        ),
    )
    .sort((a, b) => b.lesson.closedAtMs - a.lesson.closedAtMs);
}

/**
 * Posterior of the chance that an action helps against a cause: Beta(a₀ + Σκy, b₀ + Σκ(1 − y)) over verified outcomes y,
 * κ = similarity² · 0.98^days. Actions are ranked by `lowerQuantile20`, its 20 % quantile: what is hardly tried has to be promising
 * to be proposed before what is known to work. Deterministic, so that it can be audited.
 * @param ruleRank position of the action among the rules of the cause, 0 = first; gives the prior
 */
export function estimateSuccess(
  cause: CauseId,
  action: ActionId,
  ruleRank: number,
  past: PastOutcomes,
): SuccessEstimate {
  const prior = PRIOR_MEANS[ruleRank] ?? PRIOR_MEAN_OF_OTHERS;
  let [a, b] = [PRIOR_STRENGTH * prior, PRIOR_STRENGTH * (1 - prior)];
  let room = MOST_EVIDENCE;
  const outcomes = verifiedOutcomes(cause, action, past.lessons);
  // Weighing facts by their rarity reads every lesson, so only when there is something to weigh.
  const similarity = outcomes.length === 0 ? (): number => 0 : similarityAmong(past.fingerprint, past.lessons);
  for (const { lesson, helped } of outcomes) {
    const days = Math.max(0, past.atMs - lesson.closedAtMs) / DAY_MS;
    const weight = Math.min(room, similarity(lesson) ** 2 * DAILY_DECAY ** days);
    room -= weight;
    if (helped) a += weight;
    else b += weight;
  }
  return {
    mean: a / (a + b),
    low: betaInverse(0.025, a, b),
    high: betaInverse(0.975, a, b),
    lowerQuantile20: betaInverse(0.2, a, b),
  };
}
