import { createHash } from 'node:crypto';
import type { Learnt, Lesson } from '../domain/lesson.js';
import { verifiedOutcomes } from './outlook.js';

/** Counts of verified outcomes, and the version of what was counted. */
export function learntFrom(lessons: readonly Lesson[], sinceMs: number | null): Learnt {
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
    .update(JSON.stringify([sinceMs, lessons.map(({ id, actions: of }) => [id, of]).sort()]))
    .digest('hex')
    .slice(0, 16);
  return { version, sinceMs, lessons: lessons.length, actions: actions.sort((a, b) => b.tried - a.tried) };
}
