import type { z } from 'zod';
import { codec, type Codec, type DocumentMigration } from './codec.js';

/** A small named value in the store, with how it is written. */
export interface Setting<T> extends Codec<T> {
  readonly name: string;
}

/** A setting kept under `name`. */
export const setting = <T>(
  name: string,
  schema: z.ZodType<T>,
  migrations: readonly DocumentMigration[] = [],
): Setting<T> => ({ name, ...codec(`setting ${name}`, schema, migrations) });
