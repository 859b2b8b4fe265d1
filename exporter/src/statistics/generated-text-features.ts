import type { FeatureValue } from '../domain/observation.js';
import { languageOf } from './language.js';
import { textFeatures } from './text-features.js';

const LONGEST_REFUSAL = 400;
/** How assistants decline, in the languages they are asked in most. */
const REFUSALS =
  /^\W*(?:(?:i['’]?m|i am) (?:very |really )?(?:sorry|afraid|unable|not able)|sorry,? (?:but )?i|i (?:can['’]?t|can ?not|won['’]?t|must decline|am not able)|as an ai\b|es tut mir leid|ich kann (?:ihnen |dir )?(?:das|dabei|hierbei|leider) nicht|je (?:suis désolée?|ne peux pas)|désolée?\b|lo siento|no puedo (?:ayudar|proporcionar)|mi dispiace|desculpe|het spijt me)/iu;

/** True when a text declines to answer. A long text that begins with an apology answers all the same. */
export const isRefusal = (text: string): boolean => text.length <= LONGEST_REFUSAL && REFUSALS.test(text);

/** True for a text that is one JSON object or list and nothing else. */
function isJsonDocument(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What a language model wrote, described by numbers and categories: `textFeatures`, its language, and what is often wrong with it. */
export function generatedTextFeatures(text: string): Readonly<Record<string, FeatureValue>> {
  return {
    ...textFeatures(text),
    language: languageOf(text),
    refused: isRefusal(text),
    empty: text.trim() === '',
    valid_json: isJsonDocument(text),
  };
}
