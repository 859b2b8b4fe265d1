import type { Diagnosis, Explanation } from './cause.js';
import type { Discovery } from './discovery.js';
import type { NamedStatistic } from './finding.js';
import type { ModelId } from './identifiers.js';
import type { Json } from './json.js';
import type { SimilarLesson } from './lesson.js';
import type { SetupProblem } from './setup-problem.js';
import type { Proposal } from './recommendation.js';

/** A one-off check that somebody asks for. */
export interface InvestigationRequest {
  readonly url: string;
  /** Null for as many as the configuration says. */
  readonly samples: number | null;
  /** What the model takes, as far as whoever asks knows; null where mlfi is to find out, or knows. */
  readonly payloads: readonly Json[] | null;
}

/** The answer of a one-off check of a URL. */
export interface Investigation {
  readonly url: string;
  readonly modelId: ModelId;
  readonly verdict: 'healthy' | 'failing' | 'undecided';
  /** Why nothing could be judged, and what to give mlfi; null when it could. */
  readonly setup: SetupProblem | null;
  /** What was sent first, as text; null when nothing was answered. */
  readonly sent: string | null;
  /** How it was found out how the model is asked; null for one that is watched, which is asked as it is registered. */
  readonly discovery: Discovery | null;
  readonly samples: number;
  readonly confidenceMean: number | null;
  readonly confidenceStandardDeviation: number | null;
  readonly errorShare: number;
  readonly latencyP50Seconds: number | null;
  readonly baselineExists: boolean;
  readonly confidenceDrift: {
    readonly method: 'KS-test';
    readonly driftDetected: boolean;
    /** Both are null where there is nothing to compare with. */
    readonly statistic: number | null;
    readonly pValue: number | null;
    readonly statistics: readonly NamedStatistic[];
  };
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly recommendations: readonly Proposal[];
  readonly similar: readonly SimilarLesson[];
  /** What this number of probes can and cannot show. */
  readonly limits: readonly string[];
}

export interface InvestigationProgress {
  readonly stage: 'discovering' | 'probing' | 'analysing';
  readonly done: number;
  readonly of: number;
  readonly text: string;
}
