import type { Application } from '../application/index.js';
import { EventReader } from '../capture/sources/kafka/event-reader.js';
import { KafkaConsumer } from '../capture/sources/kafka/kafka-consumer.js';
import { RowReader } from '../capture/sources/kafka/row-reader.js';
import { SYSTEM } from '../domain/actor.js';
import type { ModelId } from '../domain/identifiers.js';
import type { KafkaSource } from '../domain/kafka-source.js';
import { kafkaConnections } from '../integrations/kafka/connect-kafka.js';
import type { Fleet } from '../monitoring/fleet.js';
import { logPositionsCodec } from '../monitoring/log-positions.js';
import type { Foundation } from './foundation.js';
import type { WiredIntake } from './intake.js';

/** Reads the topics of the configuration from now on, until the service is closed. */
export function readTopics(
  { started, config, clock, logger, store, processMetrics, authorizationOf, closing }: Foundation,
  fleet: Fleet,
  { models }: Pick<Application, 'models'>,
  { batches, http: { queue } }: Pick<WiredIntake, 'batches' | 'http'>,
): void {
  if (started.sources.kafka.length === 0) return;
  const stop = new AbortController();
  const settings = () => config.current().intake;
  const ensureWatched = (name: string): Promise<ModelId> => models.ensureWatched(name, SYSTEM);
  /** Several sources may be of one model. */
  const away = new Map<KafkaSource, number>();
  const consumers = started.sources.kafka.map(
    (source) =>
      new KafkaConsumer(
        {
          connect: kafkaConnections(authorizationOf),
          readerOf: ({ format, name }, positions) =>
            format === 'cloudevents'
              ? new EventReader(
                  {
                    settings,
                    maximumDataBytes: started.http.maximumBodyBytes,
                    models: fleet,
                    ensureWatched,
                    positions,
                  },
                  name,
                )
              : new RowReader(
                  {
                    ...{ batches, models: fleet, ensureWatched, positions },
                    services: () => settings().services,
                    rowsPerBatch: () => settings().rowsPerBatch,
                  },
                  source,
                ),
          models: fleet,
          positionsOf: async (model) => (await store.logPositions.get(model, logPositionsCodec)) ?? new Map(),
          enter: (whom) => queue.enter(whom),
          isStoreAnothers: () => store.isAnothers(),
          maximumRecordBytes: started.http.maximumBodyBytes,
          clock,
          logger,
          told({ name, model }, awaySinceMs) {
            processMetrics.kafkaUp(name, awaySinceMs === null);
            if (model === null) return;
            if (awaySinceMs === null) away.delete(source);
            else away.set(source, awaySinceMs);
            const since = [...away].flatMap(([other, sinceMs]) => (other.model === model ? [sinceMs] : []));
            fleet.notes.noteUnreadLogs(model, since.length === 0 ? null : Math.min(...since), 'kafka');
          },
          waits: ({ name }, bytes) => processMetrics.waitingCalls(`kafka ${name}`, bytes),
          count: ({ name }, outcome, records) => processMetrics.kafkaRecords(name, outcome, records),
          progressed: ({ name }, partitions) => processMetrics.kafkaProgress(name, partitions),
        },
        source,
      ),
  );
  const reading = consumers.map((consumer) => consumer.run(stop.signal));
  closing.push('topics of Kafka', async () => {
    stop.abort();
    await Promise.all(reading);
  });
}
