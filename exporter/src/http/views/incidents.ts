import { z } from 'zod';
import type { AlertFeedback } from '../../domain/alert-feedback.js';
import type { Explanation } from '../../domain/cause.js';
import type { Incident } from '../../domain/incident.js';
import type { Story } from '../../domain/story.js';
import { pagesPeople } from '../../domain/paging.js';
import { SEVERITIES } from '../../domain/severity.js';
import { diagnosisSchema, diagnosisView, impactSchema, impactView } from './diagnosis.js';
import { instant, nullableInstant, nullableText } from './estimates.js';
import { storySchema, storyView } from './stories.js';

const explanation = z.object({ headline: z.string(), summary: nullableText, paragraphs: z.array(z.string()) });

export const incidentSchema = z
  .object({
    id: z.string(),
    model_id: z.string(),
    opened_at_ms: instant,
    closed_at_ms: nullableInstant,
    severity: z.enum(SEVERITIES),
    pages: z.boolean().describe('It is open and severe enough to call people; of a paused model nobody is called'),
    worst_impact: impactSchema
      .extend({ at_ms: instant })
      .meta({ id: 'WorstImpact' })
      .nullable()
      .meta({ description: 'the worst that it cost users so far; diagnosis.impact is what it costs them now' }),
    diagnosis: diagnosisSchema,
    explanation,
    story: storySchema.nullable().meta({
      description:
        'the fault upstream that it is one of several incidents of, while it is open; null where it stands alone',
    }),
    timeline: z.array(z.object({ at_ms: instant, kind: z.string(), text: z.string() })),
  })
  .meta({ id: 'Incident' });

/** Members of its story that an incident shows: a list of incidents shows them with each. */
const MEMBERS_SHOWN = 50;
const shownStory = (story: Story): z.output<typeof storySchema> => storyView(story, MEMBERS_SHOWN);

export const explanationView = ({ headline, summary, paragraphs }: Explanation): z.output<typeof explanation> => ({
  headline,
  summary: summary ?? null,
  paragraphs: [...paragraphs],
});

/** An incident with diagnosis, explanation and timeline. @param story what it is told in with others, if anything is */
export function incidentView(
  incident: Incident,
  story: Story | null = null,
  show = shownStory,
): z.output<typeof incidentSchema> {
  return {
    id: incident.id,
    model_id: incident.modelId,
    opened_at_ms: incident.openedAtMs,
    closed_at_ms: incident.closedAtMs,
    severity: incident.severity,
    pages: incident.closedAtMs === null && pagesPeople(incident.severity),
    worst_impact: incident.worst == null ? null : { ...impactView(incident.worst.impact), at_ms: incident.worst.atMs },
    diagnosis: diagnosisView(incident.diagnosis),
    explanation: explanationView(incident.explanation),
    story: story === null ? null : show(story),
    timeline: incident.timeline.map(({ atMs, kind, text }) => ({ at_ms: atMs, kind, text })),
  };
}

/** The same of many: a story is shown once, however many of them are told in it. */
export function incidentViews(
  incidents: readonly Incident[],
  storyOf: (incident: Incident) => Story | null,
): z.output<typeof incidentSchema>[] {
  const views = new Map<Story, ReturnType<typeof shownStory>>();
  const show = (story: Story): ReturnType<typeof shownStory> => {
    const view = views.get(story) ?? shownStory(story);
    views.set(story, view);
    return view;
  };
  return incidents.map((incident) => incidentView(incident, storyOf(incident), show));
}

export const feedbackSchema = z
  .object({
    by: z.object({ subject: z.string(), name: z.string() }),
    useful: z.boolean(),
    reason: z.string(),
    at_ms: instant,
    on_evidence: z
      .boolean()
      .meta({ description: 'the alert rested on evidence, so that feedback moves its threshold' }),
  })
  .meta({ id: 'AlertFeedback' });

/** What one person said of an alert. */
export const feedbackView = ({
  by,
  useful,
  reason,
  atMs,
  onEvidence,
}: AlertFeedback): z.output<typeof feedbackSchema> => ({
  by: { subject: by.subject, name: by.name },
  useful,
  reason,
  at_ms: atMs,
  on_evidence: onEvidence,
});
