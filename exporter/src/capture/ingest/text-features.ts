import type { FeatureValue, Features } from '../../domain/observation.js';

const SCRIPTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['latin', /\p{Script=Latin}/u],
  ['cyrillic', /\p{Script=Cyrillic}/u],
  ['greek', /\p{Script=Greek}/u],
  ['arabic', /\p{Script=Arabic}/u],
  ['hebrew', /\p{Script=Hebrew}/u],
  ['devanagari', /\p{Script=Devanagari}/u],
  ['chinese', /\p{Script=Han}/u],
  ['japanese', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['korean', /\p{Script=Hangul}/u],
  ['thai', /\p{Script=Thai}/u],
];
const LONGEST_READ = 10_000;

/** A text described by numbers and categories, so that drift and segments work without keeping a word of it. */
export function textFeatures(name: string, text: string): Features {
  const read = text.slice(0, LONGEST_READ);
  const characters = [...read];
  const words = read.split(/\s+/).filter((word) => word !== '');
  const share = (pattern: RegExp): number =>
    characters.length === 0 ? 0 : characters.filter((character) => pattern.test(character)).length / characters.length;
  return {
    [`${name}.length`]: text.length,
    [`${name}.words`]: words.length,
    [`${name}.mean_word_length`]:
      words.length === 0 ? 0 : words.reduce((sum, word) => sum + word.length, 0) / words.length,
    [`${name}.script`]: scriptOf(characters),
    [`${name}.digit_share`]: share(/\p{Nd}/u),
    [`${name}.upper_share`]: share(/\p{Lu}/u),
    [`${name}.punctuation_share`]: share(/\p{P}/u),
    [`${name}.question`]: read.includes('?'),
  };
}

/** The script most letters belong to; `none` without letters, `other` beyond the list. */
function scriptOf(characters: readonly string[]): string {
  const letters = characters.filter((character) => /\p{L}/u.test(character));
  if (letters.length === 0) return 'none';
  const counts = SCRIPTS.map(([name, pattern]) => ({
    name,
    count: letters.filter((letter) => pattern.test(letter)).length,
  }));
  const best = counts.reduce((top, next) => (next.count > top.count ? next : top));
  return best.count === 0 ? 'other' : best.name;
}

const LONGEST_CATEGORY = 60;
const MOST_WORDS_IN_A_CATEGORY = 5;

/** Short strings are categories; sentences are texts. */
export function isText(value: string): boolean {
  return value.length > LONGEST_CATEGORY || value.split(/\s+/).length > MOST_WORDS_IN_A_CATEGORY;
}

const MOST_FEATURES = 500;
const DEEPEST = 8;

/** Nested objects and lists of an input as flat features, names joined by dots; texts are described by numbers. */
export function flattenFeatures(value: unknown, prefix = ''): Features {
  const features: Record<string, FeatureValue> = {};
  const walk = (part: unknown, name: string, depth: number): void => {
    if (Object.keys(features).length >= MOST_FEATURES || depth > DEEPEST) return;
    if (typeof part === 'string') {
      if (isText(part)) Object.assign(features, textFeatures(name, part));
      else features[name] = part;
    } else if (typeof part === 'number' || typeof part === 'boolean' || part === null) features[name] = part;
    else if (Array.isArray(part))
      part
        .slice(0, MOST_FEATURES)
        .forEach((item, i) => walk(item, name === '' ? String(i) : `${name}.${i}`, depth + 1));
    else if (typeof part === 'object')
      for (const [key, item] of Object.entries(part)) walk(item, name === '' ? key : `${name}.${key}`, depth + 1);
  };
  walk(value, prefix, 0);
  return features;
}
