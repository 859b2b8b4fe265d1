import type {
  Attribution,
  Decomposition,
  ExperimentEvidence,
  FeatureEvidence,
  SegmentEvidence,
} from '../domain/evidence.js';
import type { Observation } from '../domain/observation.js';
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
}

/** Where rows were not analysed. */
export const NOTHING_TO_ANALYSE: RowAnalysis = { segments: [], decomposition: null };

/** Pure and long-running on large windows: the service calls it in a worker thread (`row-analysis-worker.ts`). */
export function analyseRows(input: RowAnalysisInput): RowAnalysis {
  const coded = codeCohorts(input.baselineRows, input.rows);
  return {
    segments: changedSegments(input.rows, input.baselineRows, coded),
    decomposition: decompose({ ...input, coded }),
  };
}

/** Cells that take a few milliseconds; more would hold up the event loop. */
const FEW_CELLS = 6_000;

/** True when a thread would cost more than the analysis. */
export function isSmall({ rows, baselineRows }: RowAnalysisInput): boolean {
  const features = Object.keys(rows[0]?.features ?? {}).length;
  return (rows.length + baselineRows.length) * Math.max(1, features) <= FEW_CELLS;
}
