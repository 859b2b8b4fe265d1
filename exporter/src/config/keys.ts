import { z } from 'zod';
import { settingsSchema } from './schema.js';

/** One key the configuration file may hold. `*` in a path stands for a name or a position. */
export interface KnownKey {
  readonly path: readonly string[];
  /** `branch` has keys of its own; `items` is a list of such or of any JSON. */
  readonly kind: 'branch' | 'items' | 'number' | 'numbers' | 'boolean' | 'text' | 'texts';
}

/** Takes off defaults, optionality and conversions: what remains is what a person writes. */
function written(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return written(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? written(schema.def.in) : schema;
}

function kindOf(schema: z.core.$ZodType): KnownKey['kind'] {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return 'branch';
  if (schema instanceof z.ZodArray) {
    const element = written(schema.def.element);
    if (element instanceof z.ZodNumber) return 'numbers';
    return element instanceof z.ZodString ? 'texts' : 'items';
  }
  if (schema instanceof z.ZodNumber) return 'number';
  return schema instanceof z.ZodBoolean ? 'boolean' : 'text';
}

function keysBelow(outer: z.core.$ZodType, path: readonly string[]): readonly KnownKey[] {
  const schema = written(outer);
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.def.shape).flatMap(([key, value]) => [
      { path: [...path, key], kind: kindOf(written(value)) },
      ...keysBelow(value, [...path, key]),
    ]);
  }
  if (schema instanceof z.ZodRecord) return keysBelow(schema.def.valueType, [...path, '*']);
  return schema instanceof z.ZodArray ? keysBelow(schema.def.element, [...path, '*']) : [];
}

/** Every key of the configuration file, sections before what they hold. */
export function knownKeys(): readonly KnownKey[] {
  return keysBelow(settingsSchema, []);
}

const fits = (known: readonly string[], path: readonly PropertyKey[]): boolean =>
  known.length === path.length && path.every((part, index) => known[index] === '*' || known[index] === String(part));

/** Names of the keys that may stand directly under `path` (positions and names given or as `*`). */
export function keysUnder(path: readonly PropertyKey[]): readonly string[] {
  return knownKeys().flatMap(({ path: known }) =>
    fits(known.slice(0, -1), path) ? [known[known.length - 1] ?? ''] : [],
  );
}

/** True when `path` is a known section or list. */
export function isSectionOrList(path: readonly string[]): boolean {
  return knownKeys().some(
    ({ path: known, kind }) => fits(known, path) && ['branch', 'items', 'numbers', 'texts'].includes(kind),
  );
}
