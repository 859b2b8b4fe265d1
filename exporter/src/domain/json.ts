/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/**
 * What a text says in JSON, which may be anything JSON can say: the one place that knows its type. A byte order mark before it is
 * ignored (RFC 8259 §8.1). @throws SyntaxError
 */
export const parseJson = (text: string): Json => JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as Json;

/** Whether a value that was read from JSON is nested deeper than so many levels; looks no deeper than that. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}
