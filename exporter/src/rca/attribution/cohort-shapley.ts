import type { Attribution, ExperimentEvidence } from '../../domain/symptoms.js';
import type { CohortShapley } from '../../domain/row-analysis.js';
import type { Features } from '../../domain/observation.js';
import type { Random } from '../../domain/ports.js';
import { shuffledRange } from '../../statistics/shuffle.js';
import { baselineMasker } from './masker.js';
import type { ModelCaller } from './model-caller.js';
import { meanWithError, strataOf } from './cohorts.js';

/** A logged row with what the model said of it then. */
export interface LoggedRow {
  readonly features: Features;
  readonly output: number;
}

export interface CohortShapleyInput {
  readonly before: readonly LoggedRow[];
  readonly now: readonly LoggedRow[];
  /** Features that are put back one by one, the suspects; the others move together as one player. */
  readonly players: readonly string[];
  readonly atMs: number;
  readonly output: ExperimentEvidence['output'];
  readonly callsBudget: number;
}

const REST = '\u0000rest';
const MIN_PAIRS = 5;
/** Rows of each side whose feature names are read. */
const ROWS_FOR_NAMES = 200;

/**
 * Attributes the change of the mean output between two cohorts to features by asking the live model: stratified cohort
 * Shapley values. Both cohorts are sorted by logged output and cut into as many strata as pairs are affordable; one row
 * per stratum is drawn from each, the two lists are paired at random, and each pair is walked from the baseline row to the
 * window row in one random order of the features (sampled orders: Castro, Gómez & Tejada 2009). Both ends are asked too: the difference
 * between what the model says of a baseline row now and what was logged for it is the model's own change.
 * Standard errors by jackknife over pairs, which for a mean is its standard error.
 */
export async function cohortShapley(
  input: CohortShapleyInput,
  caller: ModelCaller,
  random: Random,
): Promise<CohortShapley> {
  const sampled = [...input.now.slice(0, ROWS_FOR_NAMES), ...input.before.slice(0, ROWS_FOR_NAMES)];
  const everything = [...new Set(sampled.flatMap(({ features }) => Object.keys(features)))];
  const others = everything.filter((feature) => !input.players.includes(feature));
  const groups: readonly (readonly string[])[] = [
    ...input.players.map((player) => [player]),
    ...(others.length === 0 ? [] : [others]),
  ];
  const names = [...input.players, ...(others.length === 0 ? [] : [REST])];
  const callsPerPair = groups.length + 1;
  const affordable = Math.floor(Math.min(caller.callsLeft, input.callsBudget) / callsPerPair);
  const pairsWanted = Math.min(affordable, input.before.length, input.now.length);
  const gains: number[][] = [];
  const modelShifts: number[] = [];
  const totals: number[] = [];
  let broken = 0;
  for (const [before, now] of pairWith(
    strataOf(input.before, pairsWanted, random),
    strataOf(input.now, pairsWanted, random),
    random,
  )) {
    const walked = await walk(before, now, groups, caller, random);
    if (walked === null) {
      broken += 1;
      if (caller.gaveUp || caller.callsLeft < callsPerPair) break;
      continue;
    }
    gains.push([...walked.gains]);
    modelShifts.push(walked.start - before.output);
    totals.push(walked.end - walked.start);
  }
  const pairs = gains.length;
  const attributions =
    pairs < MIN_PAIRS
      ? []
      : names.flatMap((feature, i): Attribution[] => {
          if (feature === REST) return [];
          const { mean, standardError } = meanWithError(gains.map((gain) => gain[i] ?? 0));
          return [{ feature, value: mean, standardError, method: 'interventional-shapley' }];
        });
  const logged = meanOf(input.now) - meanOf(input.before);
  const modelShift = pairs < MIN_PAIRS ? null : meanWithError(modelShifts).mean;
  const total = pairs === 0 ? 0 : meanWithError(totals).mean;
  return {
    attributions: [...attributions].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)),
    experiment: {
      atMs: input.atMs,
      kind: 'cohort-shapley',
      output: input.output,
      calls: caller.calls,
      callsBudget: input.callsBudget,
      callFailures: caller.failures,
      pairs,
      total,
      // What was logged moved by the features' parts and by the model's own change; the rest is sampling.
      additivityGap: Math.abs(logged - total - (modelShift ?? 0)),
      modelShift,
      limitation: limitationOf(pairs, pairsWanted, broken, caller),
    },
  };
}

function limitationOf(pairs: number, wanted: number, broken: number, caller: ModelCaller): string | null {
  if (caller.gaveUp) return 'The model stopped answering, so the experiment was broken off.';
  if (wanted < MIN_PAIRS) return 'The call budget or the rows in memory allow too few comparisons.';
  if (pairs < MIN_PAIRS) return `${broken} of ${wanted} comparisons got no usable answer.`;
  return broken === 0 ? null : `${broken} of ${wanted} comparisons got no usable answer and are left out.`;
}

async function walk(
  before: LoggedRow,
  now: LoggedRow,
  groups: readonly (readonly string[])[],
  caller: ModelCaller,
  random: Random,
): Promise<{ readonly gains: readonly number[]; readonly start: number; readonly end: number } | null> {
  const features = groups.flat();
  const masker = baselineMasker(now.features, before.features, features);
  const present = new Set<string>();
  const askNow = (): Promise<number | null> => caller.ask(masker.mask(features.map((feature) => present.has(feature))));
  const start = await askNow();
  if (start === null) return null;
  const gains = groups.map(() => 0);
  let last = start;
  for (const group of shuffledRange(groups.length, random)) {
    for (const feature of groups[group] ?? []) present.add(feature);
    const answer = await askNow();
    if (answer === null) return null;
    gains[group] = answer - last;
    last = answer;
  }
  return { gains, start, end: last };
}

function pairWith(
  before: readonly LoggedRow[],
  now: readonly LoggedRow[],
  random: Random,
): (readonly [LoggedRow, LoggedRow])[] {
  const order = shuffledRange(now.length, random);
  return before.flatMap((row, i) => {
    const partner = now[order[i] ?? 0];
    return partner === undefined ? [] : [[row, partner] as const];
  });
}

const meanOf = (rows: readonly LoggedRow[]): number =>
  rows.length === 0 ? 0 : rows.reduce((sum, { output }) => sum + output, 0) / rows.length;
