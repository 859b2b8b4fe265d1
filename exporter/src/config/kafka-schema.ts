import { z } from 'zod';
import { duration, label, slug } from './fields.js';

const BROKER = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;

const tls = z.strictObject({
  ca_file: label(4_096).optional(),
  cert_file: label(4_096).optional(),
  key_file: label(4_096).optional(),
  insecure_skip_verify: z.boolean().default(false),
});

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
  username: label(500),
  password_secret: label(64),
});

/** Topics that hold prediction logs. */
export const kafkaSource = z.strictObject({
  name: slug(),
  brokers: z.array(z.string().regex(BROKER, 'must be host:port, e.g. kafka.example.org:9092')).min(1).max(100),
  topics: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'must be the name of a topic: A–Z a–z 0–9 . _ -'))
    .min(1)
    .max(100),
  group: label(200).optional(),
  format: z.enum(['json', 'ndjson', 'cloudevents']).default('json'),
  model: slug().optional(),
  start: z.enum(['earliest', 'latest']).default('earliest'),
  session_timeout: duration('6s', '10m').prefault('45s'),
  tls: tls.optional(),
  sasl: sasl.optional(),
});

/** The consumer group of a source: one of its own where none is given, so that no other source's trouble stops it. */
export const groupOf = ({ name, group }: Pick<z.output<typeof kafkaSource>, 'name' | 'group'>): string =>
  group ?? `mlfi-${name}`;
