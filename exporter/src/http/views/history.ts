import { z } from 'zod';
import { CAUSE_IDS } from '../../domain/cause.js';
import type { LearningSummary, Lesson, SimilarLesson } from '../../domain/lesson.js';
import { ACTION_IDS } from '../../domain/recommendation.js';
import type { RecurringCause } from '../../domain/recurring-cause.js';
import { SEVERITIES } from '../../domain/severity.js';
import { instant, nullableInstant, nullableNumber, orNull } from './estimates.js';

export const lessonSchema = z
  .object({
    incident_id: z.string(),
    model_id: z.string(),
    cause: z.enum(CAUSE_IDS),
    severity: z.enum(SEVERITIES),
    headline: z.string(),
    opened_at_ms: instant,
    closed_at_ms: instant,
    actions: z.array(
      z.object({
        action: z.enum(ACTION_IDS),
        outcome: z.enum(['recovered', 'not_recovered', 'inconclusive', 'rejected', 'untried']),
      }),
    ),
  })
  .meta({ id: 'Lesson' });

/** What is remembered of a closed incident. */
export const lessonView = (lesson: Lesson): z.output<typeof lessonSchema> => ({
  incident_id: lesson.incidentId,
  model_id: lesson.modelId,
  cause: lesson.cause,
  severity: lesson.severity,
  headline: lesson.headline,
  opened_at_ms: lesson.openedAtMs,
  closed_at_ms: lesson.closedAtMs,
  actions: lesson.actions.map(({ action, outcome }) => ({ action, outcome })),
});

export const similarLessonSchema = z
  .object({ lesson: lessonSchema, similarity: z.number() })
  .meta({ id: 'SimilarLesson' });
export const similarLessonView = ({ lesson, similarity }: SimilarLesson): z.output<typeof similarLessonSchema> => ({
  lesson: lessonView(lesson),
  similarity,
});

export const recurringCauseSchema = z
  .object({
    model_id: z.string(),
    cause: z.enum(CAUSE_IDS),
    features: z.array(z.string()),
    incidents: z.number(),
    first_at_ms: instant,
    last_at_ms: instant,
    every_ms: z.number(),
    hours: z
      .object({
        weekday: nullableNumber,
        from_hour: z.number(),
        to_hour: z.number(),
        incidents: z.number(),
        p_value: z.number(),
      })
      .nullable(),
    recommendation: z.object({ action: z.enum(ACTION_IDS), title: z.string(), why: z.string() }),
  })
  .meta({ id: 'RecurringCause' });

/** A cause that keeps coming back, with the recommendation that stands while it does. */
export const recurringCauseView = (recurring: RecurringCause): z.output<typeof recurringCauseSchema> => ({
  model_id: recurring.model,
  cause: recurring.cause,
  features: [...recurring.features],
  incidents: recurring.incidents,
  first_at_ms: recurring.firstAtMs,
  last_at_ms: recurring.lastAtMs,
  every_ms: recurring.everyMs,
  hours: orNull(recurring.hours, (hours) => ({
    weekday: hours.weekday,
    from_hour: hours.fromHour,
    to_hour: hours.toHour,
    incidents: hours.incidents,
    p_value: hours.pValue,
  })),
  recommendation: {
    action: recurring.recommendation.action,
    title: recurring.recommendation.title,
    why: recurring.recommendation.why,
  },
});

export const learningSummarySchema = z
  .object({
    version: z.string(),
    since_ms: nullableInstant,
    lessons: z.number(),
    actions: z.array(
      z.object({
        cause: z.enum(CAUSE_IDS),
        action: z.enum(ACTION_IDS),
        helped: z.number(),
        tried: z.number(),
        last_at_ms: instant,
      }),
    ),
    alert_thresholds: z.array(
      z.object({
        model_id: z.string(),
        factor: z.number().meta({ description: 'the threshold is this many times the configured one' }),
        useful: z.number(),
        not_useful: z.number(),
      }),
    ),
    recurring_causes: z.array(recurringCauseSchema),
  })
  .meta({ id: 'LearningSummary' });

/** What the ranking of actions and the alert thresholds rest on. */
export const learningSummaryView = (summary: LearningSummary): z.output<typeof learningSummarySchema> => ({
  version: summary.version,
  since_ms: summary.sinceMs,
  lessons: summary.lessons,
  actions: summary.actions.map(({ cause, action, helped, tried, lastAtMs }) => ({
    cause,
    action,
    helped,
    tried,
    last_at_ms: lastAtMs,
  })),
  alert_thresholds: summary.pages.map(({ model, factor, useful, notUseful }) => ({
    model_id: model,
    factor,
    useful,
    not_useful: notUseful,
  })),
  recurring_causes: summary.patterns.map(recurringCauseView),
});
