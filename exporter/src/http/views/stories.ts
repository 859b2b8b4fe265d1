import { z } from 'zod';
import { SEVERITIES } from '../../domain/severity.js';
import { SHARED_KINDS } from '../../domain/story-place.js';
import type { Story } from '../../domain/story.js';
import { storyHeadline, storySinceMs } from '../../stories/headline.js';
import { instant } from './estimates.js';

export const storySchema = z
  .object({
    id: z.string().meta({ description: 'that of the incident it began with; stays while models join and leave' }),
    headline: z.string(),
    since_ms: instant.meta({ description: 'when the trouble of its earliest model began' }),
    shared: z
      .array(z.object({ kind: z.enum(SHARED_KINDS), name: z.string() }))
      .meta({ description: 'what all of them have in common' }),
    models: z.number().meta({ description: 'how many have an open incident of it' }),
    members: z
      .array(
        z.object({
          model_id: z.string(),
          incident_id: z.string(),
          severity: z.enum(SEVERITIES),
          since_ms: instant,
        }),
      )
      .meta({
        description:
          'models whose incident is open, the one that was opened first before the others; within an incident the first 50',
      }),
  })
  .meta({ id: 'Story' });

/** Several models with one fault upstream. @param most of its members that are shown */
export const storyView = (story: Story, most = Infinity): z.output<typeof storySchema> => ({
  id: story.id,
  headline: storyHeadline(story),
  since_ms: storySinceMs(story),
  shared: story.shared.map(({ kind, name }) => ({ kind, name })),
  models: story.members.length,
  members: story.members.slice(0, most).map(({ modelId, incident, startMs }) => ({
    model_id: modelId,
    incident_id: incident.id,
    severity: incident.severity,
    since_ms: startMs,
  })),
});
