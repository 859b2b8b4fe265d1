import { AlertReceiver } from '../capture/alerts/receiver.js';
import { BatchReader } from '../capture/ingest/batch-reader.js';
import { IntakeQueue } from '../capture/ingest/intake-queue.js';
import { EventReceiver } from '../capture/sources/cloudevents/receiver.js';
import { TelemetryReceiver } from '../capture/sources/opentelemetry/receiver.js';
import { readUpload } from '../capture/sources/files/read-upload.js';
import { LogFiles } from '../capture/sources/log-files.js';
import type { HttpIntake } from '../http/route.js';
import { listFolder, openFile } from '../system/folder.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Foundation } from './foundation.js';

/** What takes in rows and alerts. */
export interface WiredIntake {
  readonly batches: BatchReader;
  /** What routes call. */
  readonly http: HttpIntake;
  /** Null where no folder is named. */
  readonly readFiles: (() => Promise<void>) | null;
  /** Gives up what waits too long. */
  sweep(): Promise<void>;
  /** Nothing more is taken in: what waits for its other half is counted as what it is without it. */
  stop(): Promise<void>;
}

/** Makes what takes rows and alerts to the fleet; none of them comes by here again. */
export function wireIntake(
  { started, config, clock, logger, store, processMetrics, hash }: Foundation,
  fleet: Fleet,
): WiredIntake {
  const settings = () => config.current().intake;
  const batches = new BatchReader(settings);
  const events = new EventReceiver({
    settings,
    maximumDataBytes: started.http.maximumBodyBytes,
    models: fleet,
    count: (outcome, count) => processMetrics.loggedCalls(outcome, count),
  });
  const files = new LogFiles(
    {
      list: listFolder,
      open: openFile,
      batches,
      models: fleet,
      rowsPerBatch: () => settings().rowsPerBatch,
      settings: store.settings,
      hash,
      clock,
      logger,
      told(model, { waitingBytes, unreadSinceMs, refused }) {
        processMetrics.logFiles(model, waitingBytes, unreadSinceMs !== null);
        fleet.notes.noteUnreadLogs(model, unreadSinceMs, 'log_files');
        fleet.notes.noteRefusedLine(model, refused);
      },
    },
    started.logFiles,
  );
  return {
    batches,
    http: {
      models: fleet,
      batches,
      imports: {
        read: (body, contentType, nowMs, model, said) =>
          readUpload(batches, settings().rowsPerBatch, body, contentType, nowMs, model, said),
      },
      queue: new IntakeQueue(() => settings().queue),
      events,
      telemetry: new TelemetryReceiver({
        settings,
        models: fleet,
        count: (outcome, count) => processMetrics.loggedCalls(outcome, count),
      }),
      alerts: new AlertReceiver({
        alerts: store.alerts,
        clock,
        logger,
        models: fleet,
        settings: () => config.current().alerts,
        count: (sender, outcomes) => processMetrics.notified(sender, outcomes),
      }),
    },
    readFiles: started.logFiles.length === 0 ? null : () => files.refresh(),
    stop: () => events.stop(clock.now()),
    async sweep() {
      await events.sweep(clock.now());
      processMetrics.waitingCalls('http', events.waiting.bytes);
    },
  };
}
