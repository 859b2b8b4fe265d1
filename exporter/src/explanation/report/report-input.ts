import type { Diagnosis, Explanation } from '../../domain/cause.js';
import type { Incident } from '../../domain/incident.js';
import type { SimilarLesson } from '../../domain/lesson.js';
import type { Proposal, Recommendation } from '../../domain/recommendation.js';
import { timeText } from '../../domain/time-text.js';
import type { BaselineProfile, WindowProfile } from '../../domain/profile.js';

/** What is proposed, and what became of it where that is stored. */
type Reported = Proposal & Partial<Pick<Recommendation, 'state'>>;

/** What a report is made of. Baseline and window are there for charts and may be gone. */
export interface ReportInput {
  readonly modelName: string;
  readonly incident: Incident | null;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly recommendations: readonly Reported[];
  readonly similar: readonly SimilarLesson[];
  readonly baseline: BaselineProfile | null;
  readonly window: WindowProfile | null;
  readonly generatedAtMs: number;
}

/** Which incident it is about, and that it is closed. @param id as it is shown */
export function incidentText({ incident }: ReportInput, id: (text: string) => string): string {
  if (incident === null) return 'one check';
  const closed = incident.closedAtMs === null ? '' : `, closed ${timeText(incident.closedAtMs)}`;
  return `incident ${id(incident.id)}, opened ${timeText(incident.openedAtMs)}${closed}`;
}

/** The title of what is proposed: nobody needs to do it any more once the incident is closed. */
export const adviceTitle = ({ incident }: ReportInput): string =>
  (incident?.closedAtMs ?? null) === null ? 'What to do' : 'What was proposed';

/** What was taken back says so. */
export const withdrawnText = ({ state }: Reported): string => (state === 'withdrawn' ? ' (withdrawn)' : '');
