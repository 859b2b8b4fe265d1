import { createHash } from 'node:crypto';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { AlertFeedback } from '../domain/alert-feedback.js';
import { verifiedOutcomes } from './success-estimate.js';
import { alertThresholdFactors } from './alert-threshold-factor.js';
import { recurringCauses } from './recurring-causes.js';

/** Counts of verified outcomes and what people said of pages, with the version of what was counted. */
export function summariseLearning(
  lessons: readonly Lesson[],
  feedback: readonly AlertFeedback[],
  sinceMs: number | null,
  nowMs: number,
): LearningSummary {
  const pairs = new Map(
    lessons.flatMap(({ cause, actions }) =>
      actions.map(({ action }) => [`${cause} ${action}`, { cause, action }] as const),
    ),
  );
  const actions = [...pairs.values()].flatMap(({ cause, action }) => {
    const outcomes = verifiedOutcomes(cause, action, lessons);
    const [newest] = outcomes;
    if (newest === undefined) return [];
    const helped = outcomes.filter((outcome) => outcome.helped).length;
    return [{ cause, action, helped, tried: outcomes.length, lastAtMs: newest.lesson.closedAtMs }];
  });
  const version = createHash('sha256')
    .update(
      JSON.stringify([
        sinceMs,
        lessons.map(({ id, actions: of }) => [id, of]).sort(),
        feedback.map(({ incidentId, by, useful }) => [incidentId, by.subject, useful]).sort(),
      ]),
    )
    .digest('hex')
    .slice(0, 16);
  return {
    version,
    sinceMs,
    lessons: lessons.length,
    actions: actions.sort((a, b) => b.tried - a.tried),
    pages: alertThresholdFactors(feedback),
    patterns: recurringCauses(lessons, nowMs),
  };
}
