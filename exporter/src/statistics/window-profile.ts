import { DEFAULT_INTAKE_LIMITS, type IntakeLimits } from '../domain/ingest.js';
import type { FeatureValue, Observation, Prediction } from '../domain/observation.js';
import type { Grid, NumericCounts, SignalCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { cellOf, gridFor } from './grid.js';
import { createGroupTally, mergeGroups } from './group-counts.js';
import { createLabelTally, noLabels, type LabelOutcome } from './label-tally.js';
import { mergeSignalCounts } from './signal-counts.js';

const CATEGORY_LENGTH = 100;
const LEFT_OUT_NAMED = 1_000;

/** A window in which nothing happened. */
export function emptyWindow(): WindowProfile {
  return {
    fromMs: 0,
    toMs: 0,
    calls: 0,
    rowsWithFeatures: 0,
    failures: {},
    signals: new Map(),
    labels: noLabels(),
    groups: new Map(),
  };
}

export type CallCounts = Pick<WindowProfile, 'calls' | 'failures' | 'fromMs' | 'toMs'>;

/** Counts observations as they come; `build` takes an immutable copy. */
export interface WindowBuilder {
  add(observation: Observation): void;
  addLabel(label: LabelOutcome): void;
  /** Counts the label that an observation counted before has got since, in the groups it belongs to. */
  addGroupLabel(observation: Observation): void;
  /** The calls, when they were, and how they failed, without the cost of `build`. */
  counts(): CallCounts;
  build(): WindowProfile;
  /** Names of features beyond those that are kept, in the order they came, at most a thousand. */
  readonly leftOut: ReadonlySet<string>;
}

/** What one window may hold. */
export type WindowLimits = Pick<IntakeLimits, 'categoriesPerFeature' | 'featuresPerModel'>;

type Tally = NumericTally | CategoricalTally;
interface NumericTally {
  readonly kind: 'numeric';
  readonly grid: Grid;
  /** Counts of the cells around the centre, where nearly all values fall: cell 0 in the middle. Null while few cells hold any. */
  near: Uint32Array | null;
  /** All other cells. */
  readonly far: Map<number, number>;
  missing: number;
  invalid: number;
}
interface CategoricalTally {
  readonly kind: 'categorical';
  readonly categories: Map<string, number>;
  other: number;
  missing: number;
  invalid: number;
}

/** Cells of an asinh grid within this of its centre span twelve orders of magnitude; those of the unit grid are fewer. */
const NEAR = 1_400;
/** Up to this many cells a map is smaller and read faster. */
const FEW_CELLS = 64;

function numericTally(grid: Grid, missing: number, invalid: number): NumericTally {
  return { kind: 'numeric', grid, near: null, far: new Map(), missing, invalid };
}

function addToCell(tally: NumericTally, cell: number, count: number): void {
  const { near, far } = tally;
  const at = cell + NEAR;
  if (near !== null && at >= 0 && at < near.length) {
    near[at] = (near[at] ?? 0) + count;
    return;
  }
  far.set(cell, (far.get(cell) ?? 0) + count);
  if (near !== null || far.size <= FEW_CELLS) return;
  tally.near = new Uint32Array(2 * NEAR + 1);
  const cells = [...far];
  far.clear();
  for (const [each, counted] of cells) addToCell(tally, each, counted);
}

function cellsOf({ near, far }: NumericTally): Map<number, number> {
  if (near === null) return new Map([...far].sort(([a], [b]) => a - b));
  const cells = new Map<number, number>();
  for (let at = 0; at < near.length; at += 1) {
    const count = near[at] ?? 0;
    if (count > 0) cells.set(at - NEAR, count);
  }
  for (const [cell, count] of far) cells.set(cell, count);
  return cells;
}

function tallyOf(counts: SignalCounts, keepCounts: boolean): Tally {
  if (counts.kind === 'numeric') {
    const tally = numericTally(counts.grid, keepCounts ? counts.missing : 0, keepCounts ? counts.invalid : 0);
    if (keepCounts) for (const [cell, count] of counts.cells) addToCell(tally, cell, count);
    return tally;
  }
  return {
    kind: 'categorical',
    categories: new Map(keepCounts ? counts.categories : []),
    other: keepCounts ? counts.other : 0,
    missing: keepCounts ? counts.missing : 0,
    invalid: keepCounts ? counts.invalid : 0,
  };
}

function addNumber(tally: NumericTally, value: number): void {
  if (!Number.isFinite(value)) {
    tally.invalid += 1;
    return;
  }
  addToCell(tally, cellOf(tally.grid, value), 1);
}

function addCategory(tally: CategoricalTally, value: string, kept: number): void {
  const category = value.length > CATEGORY_LENGTH ? value.slice(0, CATEGORY_LENGTH) : value;
  const count = tally.categories.get(category);
  if (count !== undefined) tally.categories.set(category, count + 1);
  else if (tally.categories.size < kept) tally.categories.set(category, 1);
  else tally.other += 1;
}

function addValue(tally: Tally, value: FeatureValue | Prediction, categoriesKept: number): void {
  if (value === null) tally.missing += 1;
  else if (tally.kind === 'numeric') {
    if (typeof value === 'number') addNumber(tally, value);
    else tally.invalid += 1;
  } else if (typeof value === 'number') tally.invalid += 1;
  else addCategory(tally, String(value), categoriesKept);
}

/**
 * Starts counting.
 * @param options.like lends grids and signal kinds, so that windows of one model can be added and compared
 * @param options.from goes on counting where that window stopped
 * @param limits further values of one feature count as `other`; further features are left out
 */
export function createWindowBuilder(
  options: { readonly like?: WindowProfile; readonly from?: WindowProfile } = {},
  { categoriesPerFeature, featuresPerModel }: WindowLimits = DEFAULT_INTAKE_LIMITS,
): WindowBuilder {
  const tallies = new Map<SignalKey, Tally>();
  const groups = createGroupTally(options.like?.groups, options.from?.groups);
  /** Missing values seen before a signal's first real one; its kind is not known yet. */
  const missingBefore = new Map<SignalKey, number>();
  for (const [key, counts] of options.like?.signals ?? [])
    if (!isUnseen(counts)) tallies.set(key, tallyOf(counts, false));
  for (const [key, counts] of options.from?.signals ?? []) {
    const lent = tallies.get(key);
    if (!isUnseen(counts)) tallies.set(key, tallyOf(counts, true));
    else if (lent === undefined) missingBefore.set(key, counts.missing);
    else lent.missing += counts.missing;
  }
  const start = options.from ?? emptyWindow();
  const labels = createLabelTally(start.labels);
  const failures: Record<string, number> = { ...start.failures };
  let { calls, rowsWithFeatures, fromMs, toMs } = start;
  let features = [...tallies.keys()].filter((key) => key.startsWith('feature:')).length;
  /** A feature's tally by the name it comes under: the one look-up a value costs. */
  const tallyOfFeature = new Map<string, Tally>();
  const leftOut = new Set<string>();

  const count = (key: SignalKey, value: FeatureValue | Prediction): void => {
    let tally = tallies.get(key);
    if (tally === undefined) {
      if (value === null) {
        const before = missingBefore.get(key);
        if (before !== undefined || missingBefore.size < featuresPerModel) missingBefore.set(key, (before ?? 0) + 1);
        return;
      }
      if (key.startsWith('feature:')) features += 1;
      const missing = missingBefore.get(key) ?? 0;
      missingBefore.delete(key);
      tally =
        typeof value === 'number'
          ? numericTally(gridFor(key, Number.isFinite(value) ? value : 0), missing, 0)
          : { kind: 'categorical', categories: new Map(), other: 0, missing, invalid: 0 };
      tallies.set(key, tally);
    }
    addValue(tally, value, categoriesPerFeature);
  };

  for (const [key, tally] of tallies)
    if (key.startsWith('feature:')) tallyOfFeature.set(key.slice('feature:'.length), tally);

  /** Counts a feature that has no tally yet; one more than are kept is left out. */
  const countNewFeature = (name: string, value: FeatureValue): void => {
    if (features >= featuresPerModel) {
      if (leftOut.size < LEFT_OUT_NAMED) leftOut.add(name);
      return;
    }
    const key: SignalKey = `feature:${name}`;
    count(key, value);
    const tally = tallies.get(key);
    if (tally !== undefined) tallyOfFeature.set(name, tally);
  };

  return {
    add(observation) {
      fromMs = calls === 0 ? observation.atMs : Math.min(fromMs, observation.atMs);
      toMs = calls === 0 ? observation.atMs : Math.max(toMs, observation.atMs);
      calls += 1;
      groups.add(observation);
      if (observation.failure !== null) {
        failures[observation.failure.reason] = (failures[observation.failure.reason] ?? 0) + 1;
        return;
      }
      if (observation.latencySeconds !== null) count('latency_seconds', observation.latencySeconds);
      count('confidence', observation.confidence);
      count('prediction', observation.prediction);
      if (observation.features === null) return;
      rowsWithFeatures += 1;
      const { features: given } = observation;
      for (const name in given) {
        const value = given[name] ?? null;
        const known = tallyOfFeature.get(name);
        if (known !== undefined) addValue(known, value, categoriesPerFeature);
        else countNewFeature(name, value);
      }
    },
    addGroupLabel: (observation) => groups.addLabel(observation),
    addLabel(label) {
      const answers = tallies.get('prediction');
      labels.add(label, answers?.kind === 'numeric' ? answers.grid : null);
    },
    counts: () => ({ calls, failures, fromMs, toMs }),
    leftOut,
    build() {
      const signals = new Map<SignalKey, SignalCounts>();
      for (const [key, tally] of tallies) {
        signals.set(
          key,
          tally.kind === 'numeric'
            ? {
                kind: 'numeric',
                grid: tally.grid,
                cells: cellsOf(tally),
                missing: tally.missing,
                invalid: tally.invalid,
              }
            : { ...tally, categories: new Map(tally.categories) },
        );
      }
      // A signal of which only missing values are known is kept as a categorical one without categories.
      for (const [key, missing] of missingBefore) {
        signals.set(key, { kind: 'categorical', categories: new Map(), other: 0, missing, invalid: 0 });
      }
      return {
        fromMs,
        toMs,
        calls,
        rowsWithFeatures,
        failures: { ...failures },
        signals,
        labels: labels.build(),
        groups: groups.build(),
      };
    },
  };
}

/** Only missing values of the signal are known. */
export const isUnseen = (counts: SignalCounts): boolean =>
  counts.kind === 'categorical' && counts.categories.size === 0 && counts.other === 0 && counts.invalid === 0;

/** Adds two windows of one model: exact, in any order and grouping (see `mergeSignalCounts` for the one exception). */
export function mergeWindows(a: WindowProfile, b: WindowProfile): WindowProfile {
  const signals = new Map<SignalKey, SignalCounts>(a.signals);
  for (const [key, counts] of b.signals) {
    const mine = signals.get(key);
    if (mine === undefined) signals.set(key, counts);
    else if (isUnseen(mine) && !isUnseen(counts))
      signals.set(key, { ...counts, missing: counts.missing + mine.missing });
    else if (isUnseen(counts)) signals.set(key, { ...mine, missing: mine.missing + counts.missing });
    else signals.set(key, mergeSignalCounts(mine, counts));
  }
  const add = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value + (y[i] ?? 0));
  return {
    fromMs: a.calls === 0 ? b.fromMs : b.calls === 0 ? a.fromMs : Math.min(a.fromMs, b.fromMs),
    toMs: a.calls === 0 ? b.toMs : b.calls === 0 ? a.toMs : Math.max(a.toMs, b.toMs),
    calls: a.calls + b.calls,
    rowsWithFeatures: a.rowsWithFeatures + b.rowsWithFeatures,
    failures: addRecords(a.failures, b.failures),
    signals,
    labels: {
      labelled: a.labels.labelled + b.labels.labelled,
      correct: a.labels.correct + b.labels.correct,
      labelledByConfidence: add(a.labels.labelledByConfidence, b.labels.labelledByConfidence),
      correctByConfidence: add(a.labels.correctByConfidence, b.labels.correctByConfidence),
      losses: addRecords(a.labels.losses, b.labels.losses),
    },
    groups: mergeGroups(a.groups, b.groups),
  };
}

function addRecords(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** Narrowing for callers that know what a signal must be. */
export function numericSignal(window: WindowProfile, key: SignalKey): NumericCounts | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' ? counts : null;
}
