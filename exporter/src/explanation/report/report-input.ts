import type { Diagnosis, Explanation } from '../../domain/cause.js';
import type { Incident } from '../../domain/incident.js';
import type { SimilarLesson } from '../../domain/lesson.js';
import type { Proposal } from '../../domain/recommendation.js';
import type { BaselineProfile, WindowProfile } from '../../domain/profile.js';

/** What a report is made of. Baseline and window are there for charts and may be gone. */
export interface ReportInput {
  readonly modelName: string;
  readonly incident: Incident | null;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly recommendations: readonly Proposal[];
  readonly similar: readonly SimilarLesson[];
  readonly baseline: BaselineProfile | null;
  readonly window: WindowProfile | null;
  readonly generatedAtMs: number;
}
