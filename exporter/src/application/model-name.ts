import { createHash } from 'node:crypto';
import { modelId, slugOf, type ModelId } from '../domain/identifiers.js';

const LONGEST_ID = 64;
const HASH_CHARACTERS = 8;

/** The same name however its accents are written (Unicode TR 15). */
export const nameOf = (text: string): string => text.normalize('NFC');

/**
 * The id a model gets that is only known by its name: always the same for the same name. What an id cannot say (other
 * scripts, more than 64 characters) is told apart by a hash of the whole name, so that `モデル` and `模型` are two models.
 * Names that differ in case or punctuation alone still share an id; who asks for the second one is refused.
 */
export function modelIdOf(name: string): ModelId {
  const slug = slugOf(name);
  const isWhole = /^\p{ASCII}*$/u.test(name) && /[a-z0-9]/i.test(name) && name.length <= LONGEST_ID;
  if (isWhole) return slug;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARACTERS);
  return modelId(`${slug.slice(0, LONGEST_ID - HASH_CHARACTERS - 1).replace(/-+$/, '')}-${hash}`);
}
