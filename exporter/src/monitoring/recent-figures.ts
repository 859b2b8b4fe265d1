import type { FiguresAt } from '../domain/model-status.js';

/** What a model did lately, thinner the longer it is watched: figures of a model that was never well are stored nowhere else. */
export interface RecentFigures {
  /** Oldest first. */
  readonly points: readonly FiguresAt[];
  /** Two points are no closer than this. */
  readonly spacingMs: number;
}

const MOST = 60;
const FIRST_SPACING_MS = 5_000;
/** Points are no longer thinned out from here on; the oldest go instead. */
const WIDEST_SPACING_MS = 5 * 60_000;

export const NO_FIGURES: RecentFigures = { points: [], spacingMs: FIRST_SPACING_MS };

/** @returns with one more point, at most 60; every second one is left out when they are full, until they cover five hours */
export function withFigures(recent: RecentFigures, next: FiguresAt): RecentFigures {
  const { points, spacingMs } = recent;
  const last = points.at(-1);
  if (last !== undefined && next.atMs - last.atMs < spacingMs) return recent;
  if (points.length < MOST) return { points: [...points, next], spacingMs };
  if (spacingMs >= WIDEST_SPACING_MS) return { points: [...points.slice(1), next], spacingMs };
  return {
    points: [...points.filter((_, index) => index % 2 === 0), next],
    spacingMs: Math.min(2 * spacingMs, WIDEST_SPACING_MS),
  };
}
