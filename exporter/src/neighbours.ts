import { startAnnotator } from './annotation/annotator.js';
import { createGrafanaClient, type GrafanaAccess } from './annotation/grafana-client.js';
import { createChangeWatch, type ChangeSettings } from './changes/change-watch.js';
import type { Config } from './config/config.js';
import type { Actor } from './domain/decision.js';
import type { ChangeEvent } from './domain/evidence.js';
import type { ModelId, RecommendationId } from './domain/identifiers.js';
import type { Clock, EventBus, HttpClient, Logger, SettingRepository } from './domain/ports.js';
import type { Fleet } from './fleet.js';

export interface NeighbourPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly settings: SettingRepository;
  /** In force now: a reload takes effect at the next call. */
  readonly config: () => Config;
  readonly fleet: Fleet;
  readonly voters: (id: RecommendationId, verdict: 'approve' | 'reject') => Promise<readonly string[]>;
  readonly record: (id: ModelId, change: ChangeEvent, by: Actor) => Promise<void>;
}

/** Grafana and Prometheus beside mlfi: what happened is posted to the one, what others changed is read from both. */
export interface Neighbours {
  /** Begins to read changes; annotations are posted from the start. */
  readChanges(): void;
  stop(): Promise<void>;
}

const CHANGE_WATCH: Actor = { kind: 'system', subject: 'system:changes', name: 'mlfi, reading changes' };

function grafanaAccess({ annotations }: Config): GrafanaAccess | null {
  const { grafanaUrl, token, timeoutMs } = annotations;
  return grafanaUrl === null ? null : { url: grafanaUrl, token: token?.reveal() ?? null, timeoutMs };
}

function changeSettings({ changes, secrets }: Config): ChangeSettings {
  const { prometheusUrl: url, authorizationSecret: secret, timeoutMs } = changes;
  const authorization = secret === null ? null : (secrets.get(secret)?.reveal() ?? null);
  return { ...changes, prometheus: url === null ? null : { url, authorization, timeoutMs } };
}

/** Starts posting annotations; nothing the neighbours do or fail to do harms the loop. */
export function startNeighbours(ports: NeighbourPorts): Neighbours {
  const { http, clock, logger, events, settings, config, fleet } = ports;
  const stopping = new AbortController();
  const grafana = createGrafanaClient(http, () => grafanaAccess(config()));
  const annotator = startAnnotator({
    grafana,
    settings,
    events,
    clock,
    logger,
    voters: ports.voters,
    target: () => (config().annotations.post ? config().annotations.grafanaUrl : null),
  });
  const changeWatch = createChangeWatch({
    http,
    annotations: grafana,
    clock,
    logger,
    settings: () => changeSettings(config()),
    models: () => fleet.statuses().map(({ model }) => model.id),
    known: (id) => fleet.watch(id).totals.changes,
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
