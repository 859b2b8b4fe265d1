import type { KafkaRecord } from '../../../domain/kafka-connection.js';

/**
 * A record as the HTTP binding would have it: `ce_id` is `ce-id`, and values there are percent-encoded. Without any of these
 * it is a structured event, whether its sender sets the content type or not: Kafka knows no batches of events.
 */
export function headersOf({ headers }: Pick<KafkaRecord, 'headers'>): Readonly<Record<string, string>> {
  const attributes = [...headers].filter(([name]) => name.startsWith('ce_'));
  if (attributes.length === 0) return { 'content-type': 'application/cloudevents+json' };
  const found: Record<string, string> = { 'content-type': headers.get('content-type') ?? '' };
  for (const [name, text] of attributes) found[`ce-${name.slice(3)}`] = encodeURIComponent(text);
  return found;
}
