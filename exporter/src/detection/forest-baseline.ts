import { mean, quantileSorted, standardDeviation } from 'simple-statistics';
import type { ForestBaseline, WindowForest } from '../domain/isolation-forest.js';
import type { Observation } from '../domain/observation.js';
import type { Random } from '../domain/ports.js';
import type { SignalKey, WindowProfile } from '../domain/profile.js';
import { categoricalTotal } from '../statistics/signal-counts.js';
import { anomalyScores, growForest } from './isolation-forest/forest.js';

/** Anomaly score of each row. */
export function scoresOf({ forest, encode, known }: ForestBaseline, rows: readonly Observation[]): number[] {
  const fresh = rows.filter((row) => !known.has(row));
  const scores = anomalyScores(forest, fresh.map(encode));
  for (const [i, row] of fresh.entries()) known.set(row, scores[i] ?? 0);
  return rows.map((row) => known.get(row) ?? 0);
}

/** Rows per sub-window. */
export const SUB_WINDOW_ROWS = 10;
const LEAST_SUB_WINDOWS = 30;

/** What a sub-window is described by, in this order. */
export const WINDOW_VECTOR = ['mean confidence', 'spread of confidence', 'error share', 'slowest latency'] as const;

/** One vector per full sub-window of `SUB_WINDOW_ROWS` rows, in time order; what is not there is NaN. */
export function windowVectors(rows: readonly Observation[]): number[][] {
  const vectors: number[][] = [];
  for (let start = 0; start + SUB_WINDOW_ROWS <= rows.length; start += SUB_WINDOW_ROWS) {
    const part = rows.slice(start, start + SUB_WINDOW_ROWS);
    const confidences = part.flatMap(({ confidence }) => (confidence === null ? [] : [confidence]));
    const latencies = part.flatMap(({ latencySeconds }) => (latencySeconds === null ? [] : [latencySeconds]));
    vectors.push([
      confidences.length === 0 ? NaN : mean(confidences),
      confidences.length === 0 ? NaN : standardDeviation(confidences),
      part.filter(({ failure }) => failure !== null).length / part.length,
      latencies.length === 0 ? NaN : Math.max(...latencies),
    ]);
  }
  return vectors;
}

/** As `growForestBaseline`, on sub-windows; null with fewer than 30 of them or when nothing varies. */
export function growWindowForest(rows: readonly Observation[], random: Random): WindowForest | null {
  const vectors = windowVectors(rows.slice(-MOST_ROWS));
  if (vectors.length < LEAST_SUB_WINDOWS) return null;
  try {
    const forest = growForest(
      vectors.filter((_, i) => i % 3 !== 0),
      random,
    );
    const scores = anomalyScores(
      forest,
      vectors.filter((_, i) => i % 3 === 0),
    ).sort((a, b) => a - b);
    return { forest, line: scores.at(-1) ?? 1 };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const LEAST_ROWS = 50;
const MOST_ROWS = 2_000;
/** Rows × features: of a wide model fewer rows are taken, of which a tree takes 256. */
const MOST_CELLS = 200_000;

interface SplitRows {
  readonly growing: readonly (readonly number[])[];
  readonly heldOut: readonly (readonly number[])[];
}

/** Share of rows that differ from each other. */
const differing = (rows: readonly (readonly number[])[]): number => new Set(rows.map(String)).size / rows.length;

/**
 * Holds every fifth row out. Where these are far more alike than all rows are, rows come in a cycle of five, of which that is
 * always the same one, as among probes of one golden and four other inputs: then each five gives another of its rows.
 */
function splitRows(rows: readonly (readonly number[])[]): SplitRows {
  const split = (isHeldOut: (i: number) => boolean): SplitRows => ({
    growing: rows.filter((_, i) => !isHeldOut(i)),
    heldOut: rows.filter((_, i) => isHeldOut(i)),
  });
  const everyFifth = split((i) => i % 5 === 0);
  if (differing(everyFifth.heldOut) >= differing(rows) / 2) return everyFifth;
  return split((i) => i % 5 === Math.floor(i / 5) % 5);
}

/**
 * Grows a forest on the baseline's rows that are still in memory: four fifths grow it, one fifth sets the line.
 * @returns null when there are too few rows or nothing varies
 */
export function growForestBaseline(
  rows: readonly Observation[],
  profile: WindowProfile,
  random: Random,
): ForestBaseline | null {
  const features = [...profile.signals.keys()].flatMap((key) =>
    key.startsWith('feature:') ? [key.slice('feature:'.length)] : [],
  );
  const most = Math.max(4 * LEAST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / Math.max(1, features.length))));
  const usable = rows.filter((row) => row.features !== null).slice(-most);
  if (usable.length < LEAST_ROWS || features.length === 0) return null;
  const encode = encoder(features, profile);
  const { growing, heldOut } = splitRows(usable.map(encode));
  try {
    const forest = growForest(growing, random);
    const scores = anomalyScores(forest, heldOut).sort((a, b) => a - b);
    return { forest, encode, features, line: quantileSorted(scores, 0.99), known: new WeakMap() };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function encoder(features: readonly string[], profile: WindowProfile): (row: Observation) => readonly number[] {
  const encoders = features.map((feature) => {
    const key: SignalKey = `feature:${feature}`;
    const counts = profile.signals.get(key);
    if (counts?.kind === 'categorical') {
      const total = Math.max(1, categoricalTotal(counts));
      return (row: Observation): number => {
        const value = row.features?.[feature] ?? null;
        return value === null ? NaN : (counts.categories.get(String(value)) ?? 0) / total;
      };
    }
    return (row: Observation): number => {
      const value = row.features?.[feature] ?? null;
      return typeof value === 'number' ? value : NaN;
    };
  });
  return (row) => encoders.map((of) => of(row));
}

/** Liu, Ting & Zhou 2008: scores well above 0.6 are anomalies; ordinary rows lie near 0.5. */
const STRANGE_SCORE = 0.65;

/**
 * Share of held-out rows that a forest grown on the others sets apart: a learning period that mixes two worlds.
 * 0 when there are too few rows or nothing varies.
 */
export function strangeShare(rows: readonly Observation[], profile: WindowProfile, random: Random): number {
  const forest = growForestBaseline(
    rows.filter((_, i) => i % 2 === 0),
    profile,
    random,
  );
  const heldOut = rows.filter((row, i) => i % 2 === 1 && row.features !== null).slice(-MOST_ROWS / 4);
  if (forest === null || heldOut.length === 0) return 0;
  const scores = anomalyScores(forest.forest, heldOut.map(forest.encode));
  return scores.filter((score) => score > STRANGE_SCORE).length / heldOut.length;
}
