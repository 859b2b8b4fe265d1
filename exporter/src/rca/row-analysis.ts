import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RowAnalysis } from '../domain/row-analysis.js';
import type { Attribution, ExperimentEvidence, FeatureEvidence, SegmentEvidence } from '../domain/symptoms.js';
import type { Observation } from '../domain/observation.js';
import type { Random } from '../domain/ports.js';
import { segmentContrasts } from './attribution/segment-contrast.js';
import { attributeBySurrogate, MIN_ROWS } from './attribution/surrogate.js';
import { differentialOfRows } from './differential/index.js';
import { decompose } from './decomposition/decompose.js';
import { codeCohorts, withContext, type CodedCohorts } from './segments/coding.js';
import { changedSegments } from './segments/changed-segments.js';

export interface RowAnalysisInput {
  readonly baselineRows: readonly Observation[];
  readonly rows: readonly Observation[];
  readonly features: readonly FeatureEvidence[];
  readonly modelChanged: boolean | null;
  readonly experiment: ExperimentEvidence | null;
  readonly attributions: readonly Attribution[];
}

/** Where rows were not analysed. */
export const NOTHING_TO_ANALYSE: RowAnalysis = {
  segments: [],
  decomposition: null,
  differential: {
    missingTogether: null,
    mixExplains: null,
    answerBands: null,
    failuresBySegment: null,
    errorsBySegment: null,
    labelAssociation: null,
    exchangedLabels: null,
    sameHour: null,
    errorTrend: null,
  },
  attributions: [],
  surrogate: null,
};

/** Pure and long-running on large windows: the service calls it in a worker thread (`row-analysis-worker.ts`). */
export function analyseRows(input: RowAnalysisInput): RowAnalysis {
  const { baselineRows, rows, features, attributions } = input;
  const coded = codeCohorts(baselineRows, rows);
  const segments = segmentsIn(baselineRows, rows, coded);
  const surrogate = needsSurrogate(input)
    ? attributeBySurrogate(baselineRows, rows, coded, suspectsIn(features), fixedRandom())
    : null;
  return {
    segments,
    decomposition: decompose({ ...input, coded }),
    differential: differentialOfRows(features, rows, baselineRows, segments),
    attributions: firstOf(
      attributions,
      surrogate?.attributions ?? [],
      segmentContrasts(baselineRows, rows, suspectsIn(features)),
    ),
    surrogate: surrogate?.evidence ?? null,
  };
}

/** Groups by inputs, and by the context of rows where they name one: context is nothing the model saw. */
function segmentsIn(
  before: readonly Observation[],
  now: readonly Observation[],
  coded: CodedCohorts,
): readonly SegmentEvidence[] {
  const hasContext = [before, now].every((rows) => rows.some(({ context }) => context != null));
  return hasContext ? changedSegments(withContext(now), withContext(before)) : changedSegments(now, before, coded);
}

const SEED = 20_261;
/** Seeded, so that the same rows get the same attribution. */
function fixedRandom(): Random {
  const generator = xoroshiro128plus(SEED);
  return { next: () => uniformFloat64(generator) };
}

/** Features a detector reported, farthest first. */
const suspectsIn = (features: readonly FeatureEvidence[]): string[] =>
  features
    .filter(({ reported }) => reported)
    .sort((a, b) => b.distance - a.distance)
    .map(({ feature }) => feature);

/** A copy answers for a model that was not asked; not for one that answers otherwise now than it did in half of the rows. */
const needsSurrogate = ({ attributions, modelChanged, features, rows, baselineRows }: RowAnalysisInput): boolean =>
  attributions.length === 0 &&
  modelChanged !== true &&
  features.some(({ reported }) => reported) &&
  Math.min(rows.length, baselineRows.length) >= MIN_ROWS;

const firstOf = (...lists: readonly (readonly Attribution[])[]): readonly Attribution[] =>
  lists.find((list) => list.length > 0) ?? [];

/** Cells that take a few milliseconds; more would hold up the event loop. */
const MAX_CELLS_INLINE = 6_000;

/** True when a thread would cost more than the analysis. Looks at no more names than would make it large. */
export function isSmall(input: RowAnalysisInput): boolean {
  if (needsSurrogate(input)) return false;
  const { rows, baselineRows } = input;
  const mostNames = MAX_CELLS_INLINE / Math.max(1, rows.length + baselineRows.length);
  const names = new Set<string>();
  for (const side of [baselineRows, rows])
    for (const { features } of side)
      for (const name in features)
        if (names.size >= mostNames && !names.has(name)) return false;
        else names.add(name);
  return mostNames >= 1;
}
