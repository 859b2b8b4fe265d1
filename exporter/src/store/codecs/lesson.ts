import { z } from 'zod';
import { codec, inRow } from '../../domain/codec.js';
import type { Lesson } from '../../domain/lesson.js';
import { action, cause, ids, severity } from './fields.js';
import { fingerprint } from './incident.js';

const lesson: z.ZodType<Lesson> = z.object({
  id: ids.lesson,
  incidentId: ids.incident,
  modelId: ids.model,
  cause,
  severity,
  headline: z.string(),
  fingerprint,
  openedAtMs: z.number(),
  closedAtMs: z.number(),
  actions: z.array(
    z.object({ action, outcome: z.enum(['recovered', 'not_recovered', 'inconclusive', 'rejected', 'untried']) }),
  ),
});

export const lessonCodec = inRow(codec('lesson', lesson), ({ id, modelId: model }) => ({ id, model }));
