import { startAnnotator } from './grafana/annotator.js';
import { createGrafanaClient, type GrafanaAccess } from './grafana/grafana-client.js';
import { createChangeWatch, type ChangeSettings } from './prometheus/change-detection.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { ModelId, RecommendationId } from '../domain/identifiers.js';
import type { Clock, EventBus, HttpClient, Logger, SettingRepository } from '../domain/ports.js';
import type { Actor } from '../domain/actor.js';

export interface IntegrationPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly settings: SettingRepository;
  /** Settings in force now: a reload takes effect at the next call. */
  readonly grafana: () => GrafanaAccess | null;
  readonly changeSettings: () => ChangeSettings;
  /** Grafana's address when annotations are to be posted there. */
  readonly annotate: () => string | null;
  readonly models: () => readonly ModelId[];
  readonly knownChanges: (id: ModelId) => readonly ChangeEvent[];
  readonly voters: (id: RecommendationId, verdict: 'approve' | 'reject') => Promise<readonly string[]>;
  readonly record: (id: ModelId, change: ChangeEvent, by: Actor) => Promise<void>;
}

/** Grafana and Prometheus beside mlfi: what happened is posted to the one, what others changed is read from both. */
export interface Integrations {
  /** Begins to read changes; annotations are posted from the start. */
  readChanges(): void;
  stop(): Promise<void>;
}

const CHANGE_WATCH: Actor = { kind: 'system', subject: 'system:changes', name: 'mlfi, reading changes' };

/** Starts posting annotations; nothing they do or fail to do harms the loop. */
export function startIntegrations(ports: IntegrationPorts): Integrations {
  const { http, clock, logger, events, settings } = ports;
  const stopping = new AbortController();
  const grafana = createGrafanaClient(http, ports.grafana);
  const annotator = startAnnotator({
    grafana,
    settings,
    events,
    clock,
    logger,
    voters: ports.voters,
    target: ports.annotate,
  });
  const changeWatch = createChangeWatch({
    http,
    annotations: grafana,
    clock,
    logger,
    settings: ports.changeSettings,
    models: ports.models,
    known: ports.knownChanges,
    record: (id, change) => ports.record(id, change, CHANGE_WATCH),
  });
  let reading: Promise<void> = Promise.resolve();
  return {
    readChanges() {
      reading = changeWatch.run(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await reading;
      await annotator.stop();
    },
  };
}
