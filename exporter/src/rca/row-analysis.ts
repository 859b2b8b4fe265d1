import type { RowContrast } from '../domain/contrast.js';
import type {
  Attribution,
  Decomposition,
  ExperimentEvidence,
  FeatureEvidence,
  SegmentEvidence,
} from '../domain/evidence.js';
import type { Observation } from '../domain/observation.js';
import { segmentContrasts } from './attribution/segment-contrast.js';
import { contrastOfRows } from './contrast/index.js';
import { decompose } from './decomposition/decompose.js';
import { codeCohorts } from './segments/coding.js';
import { changedSegments } from './segments/changed-segments.js';

export interface RowAnalysisInput {
  readonly baselineRows: readonly Observation[];
  readonly rows: readonly Observation[];
  readonly features: readonly FeatureEvidence[];
  readonly modelChanged: boolean | null;
  readonly experiment: ExperimentEvidence | null;
  readonly attributions: readonly Attribution[];
}

/** What only the rows can tell, and what takes time on many of them. */
export interface RowAnalysis {
  readonly segments: readonly SegmentEvidence[];
  readonly decomposition: Decomposition | null;
  readonly contrast: RowContrast;
  /** What was asked of the live model, or else what can be read off the rows. */
  readonly attributions: readonly Attribution[];
}

/** Where rows were not analysed. */
export const NOTHING_TO_ANALYSE: RowAnalysis = {
  segments: [],
  decomposition: null,
  contrast: {
    missingTogether: null,
    mixExplains: null,
    answerBands: null,
    failuresBySegment: null,
    errorsBySegment: null,
    labelAssociation: null,
    sameHour: null,
    errorTrend: null,
  },
  attributions: [],
};

/** Pure and long-running on large windows: the service calls it in a worker thread (`row-analysis-worker.ts`). */
export function analyseRows(input: RowAnalysisInput): RowAnalysis {
  const { baselineRows, rows, features, attributions } = input;
  const coded = codeCohorts(baselineRows, rows);
  const segments = changedSegments(rows, baselineRows, coded);
  const drifted = features.filter((feature) => feature.drifted).map(({ feature }) => feature);
  return {
    segments,
    decomposition: decompose({ ...input, coded }),
    contrast: contrastOfRows(features, rows, baselineRows, segments),
    attributions: attributions.length > 0 ? attributions : segmentContrasts(baselineRows, rows, drifted),
  };
}

/** Cells that take a few milliseconds; more would hold up the event loop. */
const FEW_CELLS = 6_000;

/** True when a thread would cost more than the analysis. */
export function isSmall({ rows, baselineRows }: RowAnalysisInput): boolean {
  const features = Object.keys(rows[0]?.features ?? {}).length;
  return (rows.length + baselineRows.length) * Math.max(1, features) <= FEW_CELLS;
}
