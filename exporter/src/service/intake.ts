import { EventReceiver } from '../capture/sources/cloudevents/receiver.js';
import { TelemetryReceiver } from '../capture/sources/opentelemetry/receiver.js';
import type { ParsedBatch } from '../capture/ingest/parse.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestResult } from '../domain/ingest.js';
import type { Application } from '../application/index.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Foundation } from './foundation.js';

/** What takes logs in that name a service instead of a model. */
export interface WiredIntake {
  readonly events: EventReceiver;
  readonly telemetry: TelemetryReceiver;
  /** Gives up what waits too long. */
  sweep(): Promise<void>;
}

export function wireIntake(
  { started, config, clock, processMetrics }: Foundation,
  fleet: Fleet,
  application: Application,
): WiredIntake {
  const take = (id: ModelId, batch: ParsedBatch, acknowledge: 'commit' | 'memory'): Promise<IngestResult> =>
    application.models.ingest(id, { ...batch, batchId: null, bodyDigest: null, acknowledge });
  const telemetry = new TelemetryReceiver({
    settings: () => config.current().intake,
    isWatched: (id) => fleet.has(id),
    take: (id, batch) => take(id, batch, 'commit'),
    count: (outcome, count) => processMetrics.loggedCalls(outcome, count),
  });
  const events = new EventReceiver({
    settings: () => config.current().intake,
    maximumDataBytes: started.http.maximumBodyBytes,
    isWatched: (id) => fleet.has(id),
    take,
    count: (outcome, count) => processMetrics.loggedCalls(outcome, count),
  });
  return {
    events,
    telemetry,
    async sweep() {
      await events.sweep(clock.now());
      processMetrics.waitingCalls(events.waiting.bytes);
    },
  };
}
