import type { Grid, SignalKey } from '../domain/profile.js';

const UNIT_CELLS = 1_000;
const CELL_STEP = 0.02;
const LATENCY_SCALE_SECONDS = 1e-4;
/** A feature's cells start this small relative to its first value, so that 1,000 ± 1 still spreads over many cells. */
const RELATIVE_SCALE = 1e-5;
const MIN_SCALE = 1e-9;
/** What is farther from zero counts as this much: sums and cells of it stay numbers. */
const LARGEST = 1e307;
const within = (x: number): number => Math.max(-LARGEST, Math.min(LARGEST, x));

/** Rounds to 3 significant digits, so that a grid's centre is not a raw value. */
function roundedCentre(value: number): number {
  return value === 0 ? 0 : Number(within(value).toPrecision(3));
}

/**
 * The grid a signal is counted on for good, chosen from its first value: confidence on the unit interval, latency on a
 * scale from 0.1 ms, anything else around its rounded first value.
 * @param first a finite number
 */
export function gridFor(key: SignalKey, first: number): Grid {
  if (key === 'confidence') return { kind: 'unit' };
  if (key === 'latency_seconds') return { kind: 'asinh', centre: 0, scale: LATENCY_SCALE_SECONDS, step: CELL_STEP };
  const centre = roundedCentre(first);
  return { kind: 'asinh', centre, scale: Math.max(MIN_SCALE, Math.abs(centre) * RELATIVE_SCALE), step: CELL_STEP };
}

/**
 * Cell of a finite number. Cells of an asinh grid grow with the distance from the centre: linear near it, about 2 % of
 * the distance farther out (the idea of DDSketch's logarithmic buckets, Masson et al. 2019, moved to a centre).
 * Rounding to the nearest cell keeps the centre itself in the middle of cell 0.
 */
export function cellOf(grid: Grid, x: number): number {
  if (grid.kind === 'unit') return Math.min(UNIT_CELLS - 1, Math.max(0, Math.floor(x * UNIT_CELLS)));
  return Math.round(Math.asinh(within((within(x) - grid.centre) / grid.scale)) / grid.step) + 0;
}

/** Lower and upper end of a cell, in the signal's unit. */
export function cellBounds(grid: Grid, cell: number): readonly [low: number, high: number] {
  if (grid.kind === 'unit') return [cell / UNIT_CELLS, (cell + 1) / UNIT_CELLS];
  const at = (position: number): number => grid.centre + grid.scale * Math.sinh(position * grid.step);
  return [at(cell - 0.5), at(cell + 0.5)];
}

/** The value that stands for a cell. */
export function cellMiddle(grid: Grid, cell: number): number {
  if (grid.kind === 'unit') return (cell + 0.5) / UNIT_CELLS;
  return grid.centre + grid.scale * Math.sinh(cell * grid.step);
}

/** True when counts on both grids can be added cell by cell. */
export function sameGrid(a: Grid, b: Grid): boolean {
  if (a.kind === 'unit' || b.kind === 'unit') return a.kind === b.kind;
  return a.centre === b.centre && a.scale === b.scale && a.step === b.step;
}
