import { hashedSlugOf, slugOf, type ModelId } from '../domain/identifiers.js';

const LONGEST_ID = 64;

/** The same name however its accents are written (Unicode TR 15). */
export const nameOf = (text: string): string => text.normalize('NFC');

/**
 * The id a model gets that is only known by its name: always the same for the same name. What an id cannot say (other
 * scripts, more than 64 characters) is told apart by a hash of the whole name, so that `モデル` and `模型` are two models.
 * Names that differ in case or punctuation alone still share an id; who asks for the second one is refused.
 */
export function modelIdOf(name: string): ModelId {
  const isWhole = /^\p{ASCII}*$/u.test(name) && /[a-z0-9]/i.test(name) && name.length <= LONGEST_ID;
  return isWhole ? slugOf(name) : hashedSlugOf(name);
}
