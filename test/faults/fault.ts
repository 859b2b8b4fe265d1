import type { CauseId } from '../../exporter/src/domain/cause.js';
import type { ChangeEvent } from '../../exporter/src/domain/symptoms.js';
import type { FailureReason, Features } from '../../exporter/src/domain/observation.js';
import type { Random } from '../../exporter/src/domain/ports.js';
import type { Scorer, ZooModel, ZooRow } from './models/zoo-model.js';

/** What is really wrong, known because it was injected. */
export interface Truth {
  readonly cause: CauseId;
  /** Other names that describe the same fault as well. */
  readonly alsoRight: readonly CauseId[];
  readonly features: readonly string[];
  /** `feature = value`, when the fault lives in one segment only. */
  readonly segment: string | null;
  /** Whether a human should be woken. */
  readonly page: boolean;
}

/** Where a request stands in the faulty part of the traffic. */
export interface Live {
  readonly index: number;
  /** 0 at the first faulty request, 1 at the last. */
  readonly progress: number;
  readonly random: Random;
}

/** One concrete fault: every hook left out means "as ever". Golden inputs skip `choose`, `input` and `label`. */
export interface Injection {
  readonly truth: Truth;
  /** Which rows the traffic now consists of. */
  readonly choose?: (row: ZooRow) => boolean;
  /** What the pipeline delivers instead of the row's features. */
  readonly input?: (features: Features, live: Live, row: ZooRow) => Features;
  readonly scorer?: Scorer;
  /** Changes the model's probability of the second class. */
  readonly adjust?: (score: number, live: Live) => number;
  /** Only what users see, not what golden inputs see. */
  readonly adjustLive?: (score: number, live: Live, row: ZooRow) => number;
  readonly threshold?: number;
  readonly confidence?: (confidence: number, live: Live) => number;
  /** Replaces the prediction. */
  readonly predict?: (prediction: string, live: Live) => string;
  /** The truth that arrives; null when it does not. */
  readonly label?: (row: ZooRow, live: Live) => string | null;
  readonly failure?: (live: Live, row: ZooRow) => FailureReason | null;
  /** HTTP status of a failing call, where the log keeps it. */
  readonly failureStatus?: number;
  readonly latencyFactor?: number;
  readonly shape?: string;
  readonly version?: string;
  /** Somebody declared a change this many milliseconds before the first faulty request. */
  readonly changes?: readonly Omit<ChangeEvent, 'atMs'>[];
  /** The traffic has a daily peak in which these rows are commoner, in the baseline too. */
  readonly peak?: (row: ZooRow) => boolean;
  readonly withoutBaseline?: boolean;
  /** Evidence that must be there for the fault to be visible at all, and evidence that must not be. */
  readonly labels?: boolean;
  readonly golden?: boolean;
}

/** A kind of fault; draws a concrete one from a seed. */
export interface FaultKind {
  readonly id: string;
  /** Kinds kept out of training and tuning, to see how the unforeseen is named. */
  readonly testOnly?: boolean;
  readonly draw: (model: ZooModel, random: Random) => Injection;
}

export function truth(cause: CauseId, more: Partial<Truth> = {}): Truth {
  return { cause, alsoRight: [], features: [], segment: null, page: true, ...more };
}

/** One of the items, uniformly. @throws Error on an empty list */
export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

export const between = (low: number, high: number, random: Random): number => low + (high - low) * random.next();

/** Shares of a categorical feature's values among the rows, commonest first. */
export function sharesOf(rows: readonly ZooRow[], feature: string): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { features } of rows) {
    const value = features[feature] ?? null;
    if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => [value, count / rows.length] as const).sort(([, a], [, b]) => b - a);
}

/** A segment holding between `low` and `high` of the rows. */
export function pickSegment(
  model: ZooModel,
  random: Random,
  low: number,
  high: number,
): { readonly feature: string; readonly value: string; readonly share: number } {
  const segments = model.categorical.flatMap((feature) =>
    sharesOf(model.heldOut, feature)
      .filter(([, share]) => share >= low && share <= high)
      .map(([value, share]) => ({ feature, value, share })),
  );
  return pick(segments, random);
}

/** Numeric features whose commonest value holds at most half of the rows: a transformation of the others hardly shows. */
export function variedFeatures(model: ZooModel): readonly string[] {
  return model.numeric.filter((feature) => (sharesOf(model.heldOut, feature)[0]?.[1] ?? 1) <= 0.5);
}

export const inSegment = (row: Pick<ZooRow, 'features'>, feature: string, value: string): boolean =>
  String(row.features[feature] ?? null) === value;

export const otherClass = (model: ZooModel, label: string): string =>
  label === model.classes[0] ? model.classes[1] : model.classes[0];

/** Features with one of them changed where it is a number. */
export function withNumber(features: Features, feature: string, change: (value: number) => number | null): Features {
  const value = features[feature];
  return typeof value === 'number' ? { ...features, [feature]: change(value) } : features;
}
