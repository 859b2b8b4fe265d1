import { EventReceiver } from '../capture/sources/cloudevents/receiver.js';
import { TelemetryReceiver } from '../capture/sources/opentelemetry/receiver.js';
import { LogFiles } from '../capture/sources/log-files.js';
import { parseBatch, type ParsedBatch } from '../capture/ingest/parse.js';
import { NO_MAPPING } from '../domain/field-mapping.js';
import { listFolder, readPart } from '../system/folder.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestResult } from '../domain/ingest.js';
import type { Application } from '../application/index.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Foundation } from './foundation.js';

/** What takes logs in that name a service instead of a model. */
export interface WiredIntake {
  readonly events: EventReceiver;
  readonly telemetry: TelemetryReceiver;
  /** Null where no folder is named. */
  readonly readFiles: (() => Promise<void>) | null;
  /** Gives up what waits too long. */
  sweep(): Promise<void>;
  /** Nothing more is taken in: what waits for its other half is counted as what it is without it. */
  stop(): Promise<void>;
}

export function wireIntake(
  { started, config, clock, logger, store, processMetrics }: Foundation,
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
  const files = new LogFiles(
    {
      list: listFolder,
      read: readPart,
      parse: (body, contentType, nowMs, model) => {
        const { intake } = config.current();
        return parseBatch(body, contentType, nowMs, intake, intake.models.get(model) ?? NO_MAPPING);
      },
      take: (id, batch, batchId, bodyDigest) =>
        application.models.ingest(id, { ...batch, batchId, bodyDigest, acknowledge: 'commit' }),
      rowsPerBatch: () => config.current().intake.rowsPerBatch,
      isWatched: (id) => fleet.has(id),
      settings: store.settings,
      clock,
      logger,
      count: (model, waiting) => processMetrics.logFolder(model, waiting),
    },
    started.logFiles,
  );
  return {
    readFiles: started.logFiles.length === 0 ? null : () => files.refresh(),
    events,
    telemetry,
    stop: () => events.stop(clock.now()),
    async sweep() {
      await events.sweep(clock.now());
      processMetrics.waitingCalls(events.waiting.bytes);
    },
  };
}
