import { describe, expect, it } from 'vitest';
import type { FiguresAt } from '../../../exporter/src/domain/model-status.js';
import { NO_FIGURES, withFigures, type RecentFigures } from '../../../exporter/src/monitoring/recent-figures.js';

const at = (atMs: number): FiguresAt => ({ atMs, confidenceMean: 0.9, errorShare: 0, latencyP50Seconds: null });
const every = (stepMs: number, count: number, from: RecentFigures = NO_FIGURES): RecentFigures =>
  Array.from({ length: count }, (_, index) => at(index * stepMs)).reduce(withFigures, from);

describe('recent figures of a model', () => {
  it('keep every evaluation at first, and none closer than five seconds', () => {
    expect(every(5_000, 3).points.map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000]);
    expect(every(1_000, 11).points.map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000]);
  });

  it('are at most 60, from the very beginning, evenly and with the newest', () => {
    const { points, spacingMs } = every(5_000, 1_000);
    expect(points.length).toBeLessThanOrEqual(60);
    expect(points[0]?.atMs).toBe(0);
    expect(999 * 5_000 - (points.at(-1)?.atMs ?? 0)).toBeLessThan(spacingMs);
    const gaps = points.slice(1).map(({ atMs }, index) => atMs - (points[index]?.atMs ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps));
  });

  it('lose the oldest once they cover five hours', () => {
    const day = every(60_000, 24 * 60);
    expect(day.points).toHaveLength(60);
    const [first, last] = [day.points[0]?.atMs ?? 0, day.points.at(-1)?.atMs ?? 0];
    expect(last - first).toBe(59 * 5 * 60_000);
    expect(first).toBeGreaterThan(0);
  });
});
