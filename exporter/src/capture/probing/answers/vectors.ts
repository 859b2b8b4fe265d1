import { isObject, type Json } from '../../../domain/json.js';
import { areNumbers, at, located, NOTHING, type Found } from './found.js';

const SHORTEST_VECTOR = 16;
/** So many numbers are no classes. */
export const isVector = (value: Json | undefined): value is readonly number[] =>
  areNumbers(value) && value.length >= SHORTEST_VECTOR;

/** `{embedding: […]}` of OpenAI's and Ollama's lists. */
export function embeddingIn(head: Json, place: string): Found | null {
  return isObject(head) && isVector(head.embedding) ? ofVector(head.embedding, at(place, 'embedding')) : null;
}

/**
 * A vector is told by one number: its cosine with a fixed direction. It stands still as long as the embedding of an input
 * does, and moves with the model; the vector itself is not kept.
 */
export function ofVector(vector: readonly number[], path: string): Found {
  const along = vector.reduce((sum, value, i) => sum + value * Math.cos(i + 1), 0);
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  const direction = Math.sqrt(vector.reduce((sum, _, i) => sum + Math.cos(i + 1) ** 2, 0));
  const cosine = norm === 0 ? 0 : along / (norm * direction);
  return { ...NOTHING, prediction: located(cosine, `${path} (projection of ${vector.length} numbers)`) };
}
