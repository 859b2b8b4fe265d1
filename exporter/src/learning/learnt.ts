import { createHash } from 'node:crypto';
import type { Learnt, Lesson } from '../domain/lesson.js';
import type { PageOpinion } from '../domain/page-opinion.js';
import { verifiedOutcomes } from './outlook.js';
import { pageCautions } from './page-caution.js';
import { recurringPatterns } from './patterns.js';

/** Counts of verified outcomes and what people said of pages, with the version of what was counted. */
export function learntFrom(
  lessons: readonly Lesson[],
  opinions: readonly PageOpinion[],
  sinceMs: number | null,
  nowMs: number,
): Learnt {
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
        opinions.map(({ incidentId, by, useful }) => [incidentId, by.subject, useful]).sort(),
      ]),
    )
    .digest('hex')
    .slice(0, 16);
  return {
    version,
    sinceMs,
    lessons: lessons.length,
    actions: actions.sort((a, b) => b.tried - a.tried),
    pages: pageCautions(opinions),
    patterns: recurringPatterns(lessons, nowMs),
  };
}
