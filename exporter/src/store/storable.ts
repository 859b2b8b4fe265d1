import { Invalid } from '../domain/errors.js';

/**
 * A key as given, when every database can hold it: PostgreSQL has no NUL character in texts. (Documents may hold one: JSON
 * writes it as an escape.)
 * @param what the key in words, for the message
 * @throws Invalid that names it
 */
export function storable(key: string, what: string): string {
  if (key.includes('\0')) throw new Invalid(`${what} holds a NUL character, which cannot be stored`);
  return key;
}
