import { z } from 'zod';
import type { RecommendationId } from '../../domain/identifiers.js';
import type { Clock, DomainEvent, EventBus, GrafanaAnnotation, Logger, SettingRepository } from '../../domain/ports.js';
import { setting } from '../../domain/setting.js';
import { annotationOf } from './annotation.js';
import type { GrafanaClient } from './grafana-client.js';
import { createOutbox, type OutboxCounts, type OutboxMemory } from './outbox.js';

export interface AnnotatorPorts {
  readonly grafana: GrafanaClient;
  readonly settings: SettingRepository;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names of those whose votes decided a recommendation. */
  readonly voters: (id: RecommendationId, verdict: 'approve' | 'reject') => Promise<readonly string[]>;
  /** Root address of the Grafana to post to; null = none, or not wanted. */
  readonly target: () => string | null;
}

export interface Annotator {
  counts(): OutboxCounts;
  stop(): Promise<void>;
}

/** States of recommendations remembered as posted, oldest forgotten first. */
const MAX_PUBLISHED_KEPT = 2_000;

/** Annotations that Grafana has not taken yet. */
export const ANNOTATION_OUTBOX = setting<readonly GrafanaAnnotation[]>(
  'annotation-outbox',
  z.array(
    z.object({
      timeMs: z.number(),
      timeEndMs: z.number().nullable(),
      text: z.string(),
      tags: z.array(z.string()),
    }),
  ),
);

/** Listens to the domain's events and posts those people want to see on dashboards. Nothing here can harm the loop. */
export function startAnnotator(ports: AnnotatorPorts): Annotator {
  const { events, clock, logger } = ports;
  const stopping = new AbortController();
  const outbox = createOutbox({ ...ports, memory: memoryIn(ports.settings) });
  const published = new Set<string>();

  /** A recommendation is published again when it gets another vote: the same state is posted once. */
  const isNews = (event: DomainEvent): boolean => {
    if (event.kind !== 'recommendation-updated') return true;
    const key = `${event.recommendation.id} ${event.recommendation.state}`;
    if (published.has(key)) return false;
    published.add(key);
    const [oldest] = published;
    if (published.size > MAX_PUBLISHED_KEPT && oldest !== undefined) published.delete(oldest);
    return true;
  };

  const tell = async (event: DomainEvent, target: string, nowMs: number): Promise<void> => {
    const context = { nowMs, rootPath: new URL(target).pathname.replace(/\/+$/, ''), decidedBy: [] };
    const annotation = annotationOf(event, context);
    if (annotation === null || !isNews(event)) return;
    if (event.kind === 'recommendation-updated' && annotation.tags.includes('decision')) {
      const verdict = event.recommendation.state === 'rejected' ? 'reject' : 'approve';
      const decidedBy = await ports.voters(event.recommendation.id, verdict).catch(() => []);
      outbox.put(annotationOf(event, { ...context, decidedBy }) ?? annotation);
    } else outbox.put(annotation);
  };

  const unsubscribe = events.subscribe((event) => {
    const target = ports.target();
    if (target === null) return;
    tell(event, target, clock.now()).catch((error: unknown) =>
      logger.error({ event: event.kind, error: String(error) }, 'an event could not be made into an annotation'),
    );
  });
  const running = outbox.run(stopping.signal);
  return {
    counts: () => outbox.counts(),
    async stop() {
      unsubscribe();
      stopping.abort();
      await running;
    },
  };
}

function memoryIn(settings: SettingRepository): OutboxMemory {
  return {
    load: async () => (await settings.get(ANNOTATION_OUTBOX)) ?? [],
    save: (waiting) => settings.set(ANNOTATION_OUTBOX, waiting),
  };
}
