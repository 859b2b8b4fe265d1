import type { Cause, CauseId } from '../../exporter/src/domain/cause.js';
import type { Severity } from '../../exporter/src/domain/severity.js';
import type { Truth } from './fault.js';
import { replay, type ZooCase } from './replay.js';

/** What the investigator said of one case, beside what was true. */
export interface Measured {
  readonly kind: string;
  readonly model: string;
  readonly seed: string;
  readonly truth: Truth;
  readonly causes: readonly Cause[];
  readonly severity: Severity;
  readonly paged: boolean;
  /** Faulty requests until the true cause was first and more probable than not; null when it never was, or was not asked. */
  readonly requestsToCause: number | null;
  /** What simpler rules say of the same evaluation. */
  readonly rivals: Readonly<Record<string, CauseId>>;
}

export type Rival = (replayed: ReturnType<typeof replay>) => CauseId;

export const isRight = (truth: Truth, cause: CauseId): boolean =>
  cause === truth.cause || truth.alsoRight.includes(cause);

/** Replays a case and keeps what was said. */
export function measure(
  zooCase: ZooCase,
  checkpoints: readonly number[] = [],
  rivals: Readonly<Record<string, Rival>> = {},
): Measured {
  const replayed = replay(zooCase, checkpoints);
  const { truth } = replayed.injection;
  const reached = replayed.onTheWay.find(({ evaluation }) => {
    const [first] = evaluation.diagnosis.causes;
    return first !== undefined && isRight(truth, first.id) && first.probability > 0.5;
  });
  const { diagnosis } = replayed.evaluation;
  return {
    kind: zooCase.kind.id,
    model: zooCase.model.name,
    seed: zooCase.seed,
    truth,
    causes: diagnosis.causes,
    severity: diagnosis.severity,
    paged: replayed.paged,
    requestsToCause: reached?.requests ?? null,
    rivals: Object.fromEntries(Object.entries(rivals).map(([name, rival]) => [name, rival(replayed)])),
  };
}

export interface Counts {
  readonly cases: number;
  readonly first: number;
  readonly amongThree: number;
}

/** How often the true cause is named first, and among the three most probable (different) causes. */
export function namedRight(measured: readonly Measured[]): Counts {
  const ids = ({ causes }: Measured): CauseId[] => [...new Set(causes.map(({ id }) => id))];
  return {
    cases: measured.length,
    first: measured.filter(({ truth, causes }) => isRight(truth, causes[0]?.id ?? 'none')).length,
    amongThree: measured.filter((one) =>
      ids(one)
        .slice(0, 3)
        .some((id) => isRight(one.truth, id)),
    ).length,
  };
}

export interface Overlap {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Micro-averaged precision and recall of sets against sets. */
function overlap(pairs: readonly { readonly said: readonly string[]; readonly true: readonly string[] }[]): Overlap {
  let hits = 0;
  let said = 0;
  let real = 0;
  for (const pair of pairs) {
    hits += pair.said.filter((name) => pair.true.includes(name)).length;
    said += pair.said.length;
    real += pair.true.length;
  }
  const precision = said === 0 ? 1 : hits / said;
  const recall = real === 0 ? 1 : hits / real;
  return { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/** Features suspects by the first cause against the features really at fault; cases without any are left out. */
export function featureOverlap(measured: readonly Measured[]): Overlap {
  return overlap(
    measured
      .filter(({ truth }) => truth.features.length > 0)
      .map(({ truth, causes }) => ({ said: causes[0]?.features ?? [], true: truth.features })),
  );
}

/** Segments named by the first cause, over the cases whose fault lives in one segment and that need not be told from a mix of it. */
export function segmentOverlap(measured: readonly Measured[]): Overlap {
  return overlap(
    measured
      .filter(
        ({ truth }) => truth.segment !== null && ['segment-outage', 'segment-concept-drift'].includes(truth.cause),
      )
      .map(({ truth, causes }) => ({ said: causes[0]?.segments ?? [], true: [truth.segment ?? ''] })),
  );
}

const BENIGN: ReadonlySet<CauseId> = new Set(['none', 'seasonal-pattern', 'unknown']);

/** Cases without any fault for which a fault is named with more than one half. */
export function falseCauses(measured: readonly Measured[]): { readonly cases: number; readonly named: number } {
  const healthy = measured.filter(({ truth }) => truth.cause === 'none' || truth.cause === 'seasonal-pattern');
  const named = healthy.filter(
    ({ causes: [first] }) => first !== undefined && !BENIGN.has(first.id) && first.probability > 0.5,
  );
  return { cases: healthy.length, named: named.length };
}

/** Probability of the first cause and whether it is right, for the calibration error. */
export const topProbabilities = (measured: readonly Measured[]): { probability: number; isRight: boolean }[] =>
  measured.map(({ truth, causes: [first] }) => ({
    probability: first?.probability ?? 0,
    isRight: isRight(truth, first?.id ?? 'none'),
  }));
