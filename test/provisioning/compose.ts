import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from './expressions.js';

const duration = z.string().regex(/^\d+(ms|s|m|h)$/);
const name = z.string().regex(/^[a-zA-Z0-9._-]+$/);

/**
 * The part of the Compose specification that docker-compose.yml uses, strictly: a key Compose does not know, or a value of
 * another shape, is an error.
 */
const service = z.strictObject({
  image: z.string().optional(),
  build: z.union([z.string(), z.strictObject({ context: z.string(), target: name })]).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string().regex(/^(\.\/[^:]+:\/[^:]+:ro|[a-z-]+:\/[^:]+)$/)).optional(),
  secrets: z.array(name).optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
  stop_grace_period: duration,
  cap_drop: z.tuple([z.literal('ALL')]),
  cap_add: z.never().optional(),
  privileged: z.never().optional(),
  read_only: z.literal(true),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  tmpfs: z.array(z.string().regex(/^\/[a-z/]+:size=\d+m,mode=\d{4}$/)),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  healthcheck: z.strictObject({
    test: z.tuple([z.literal('CMD')]).rest(z.string()),
    interval: duration,
    timeout: duration,
    retries: z.number().int().positive(),
    start_period: duration.optional(),
  }),
  depends_on: z.record(name, z.strictObject({ condition: z.enum(['service_started', 'service_healthy']) })).optional(),
});

const compose = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  'x-service': z.unknown(),
  services: z.record(name, service),
  secrets: z.record(name, z.strictObject({ file: z.string().startsWith('./secrets/') })),
  volumes: z.record(name, z.strictObject({})),
});

export type Compose = z.output<typeof compose>;
export type ComposeService = z.output<typeof service>;

/** docker-compose.yml, checked. @throws ZodError with the place of what is wrong */
export const readCompose = (): Compose =>
  compose.parse(parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }));

export interface Mount {
  /** Path in the repository, or null for a named volume. */
  readonly source: string | null;
  readonly volume: string | null;
  readonly target: string;
}

export const mountsOf = ({ volumes }: ComposeService): readonly Mount[] =>
  (volumes ?? []).map((text) => {
    const [from = '', target = ''] = text.split(':');
    return from.startsWith('./')
      ? { source: from.slice(2), volume: null, target }
      : { source: null, volume: from, target };
  });
