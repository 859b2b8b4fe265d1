import { z } from 'zod';
import { setting } from '../domain/setting.js';

/** What the configuration said of one model, as digests. */
export interface Digests {
  /** Of how the model is asked. */
  readonly asked: string;
  /** Of what is said of it, and how often it is asked. */
  readonly told: string;
}

/** What the configuration said of its models when it was last taken over. */
export const CONFIGURED_MODELS = setting<Readonly<Record<string, Digests>>>(
  'configured-models',
  z.record(z.string(), z.object({ asked: z.string(), told: z.string() })),
);
