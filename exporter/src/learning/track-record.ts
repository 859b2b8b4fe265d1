import type { CauseId } from '../domain/cause.js';
import type { Lesson } from '../domain/lesson.js';
import type { ActionId, TrackRecord } from '../domain/recommendation.js';

/** How often the action helped against the cause. Only verified outcomes count; null when there is none. */
export function trackRecord(cause: CauseId, action: ActionId, lessons: readonly Lesson[]): TrackRecord | null {
  const tried = lessons
    .filter((lesson) => lesson.cause === cause)
    .flatMap((lesson) =>
      lesson.actions.filter((taken) => taken.action === action).map(({ outcome }) => ({ lesson, outcome })),
    )
    .filter(({ outcome }) => outcome === 'recovered' || outcome === 'not_recovered');
  if (tried.length === 0) return null;
  return {
    helped: tried.filter(({ outcome }) => outcome === 'recovered').length,
    tried: tried.length,
    similarIncidents: tried.map(({ lesson }) => lesson.incidentId),
  };
}
