import { EventReceiver } from '../capture/sources/cloudevents/receiver.js';
import type { Application } from '../application/index.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Foundation } from './foundation.js';

/** What takes logs in that name a service instead of a model. */
export interface WiredIntake {
  readonly events: EventReceiver;
  /** Gives up what waits too long. */
  sweep(): Promise<void>;
}

export function wireIntake(
  { started, config, clock, processMetrics }: Foundation,
  fleet: Fleet,
  application: Application,
): WiredIntake {
  const events = new EventReceiver({
    settings: () => config.current().intake,
    maximumDataBytes: started.http.maximumBodyBytes,
    isWatched: (id) => fleet.has(id),
    take: (id, batch, acknowledge) =>
      application.models.ingest(id, { ...batch, batchId: null, bodyDigest: null, acknowledge }),
    count: (outcome, count) => processMetrics.loggedCalls(outcome, count),
  });
  return {
    events,
    async sweep() {
      await events.sweep(clock.now());
      processMetrics.waitingCalls(events.waiting.bytes);
    },
  };
}
