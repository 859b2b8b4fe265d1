import type { FeatureValue } from '../domain/observation.js';

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

/** What is known of a character, as bits; the script's place in `SCRIPTS`, plus 1, is above them. */
const KNOWN = 1;
const LETTER = 2;
const DIGIT = 4;
const UPPER = 8;
const PUNCTUATION = 16;
const SPACE = 32;
const SCRIPT_SHIFT = 6;
/** Filled as characters come, so that each is matched against the patterns once in a process. */
const characters = new Uint16Array(0x110000);

function characterOf(code: number): number {
  const known = characters[code] ?? 0;
  if (known !== 0) return known;
  const text = String.fromCodePoint(code);
  const script = SCRIPTS.findIndex(([, pattern]) => pattern.test(text)) + 1;
  const found =
    KNOWN |
    (/\p{L}/u.test(text) ? LETTER : 0) |
    (/\p{Nd}/u.test(text) ? DIGIT : 0) |
    (/\p{Lu}/u.test(text) ? UPPER : 0) |
    (/\p{P}/u.test(text) ? PUNCTUATION : 0) |
    (/\s/u.test(text) ? SPACE : 0) |
    (script << SCRIPT_SHIFT);
  characters[code] = found;
  return found;
}

/** A text described by numbers and categories, so that drift and segments work without keeping a word of it. */
export function textFeatures(text: string): Readonly<Record<string, FeatureValue>> {
  const read = text.slice(0, LONGEST_READ);
  const scripts = new Uint32Array(SCRIPTS.length + 1);
  let [length, letters, digits, uppers, punctuation, words, inWords] = [0, 0, 0, 0, 0, 0, 0];
  let wasSpace = true;
  for (let i = 0; i < read.length; i += 1) {
    const code = read.codePointAt(i) ?? 0;
    const units = code > 0xffff ? 2 : 1;
    i += units - 1;
    const bits = characterOf(code);
    length += 1;
    if ((bits & LETTER) !== 0) {
      letters += 1;
      const script = bits >> SCRIPT_SHIFT;
      scripts[script] = (scripts[script] ?? 0) + 1;
    }
    if ((bits & DIGIT) !== 0) digits += 1;
    if ((bits & UPPER) !== 0) uppers += 1;
    if ((bits & PUNCTUATION) !== 0) punctuation += 1;
    const isSpace = (bits & SPACE) !== 0;
    if (!isSpace) inWords += units;
    if (wasSpace && !isSpace) words += 1;
    wasSpace = isSpace;
  }
  const share = (count: number): number => (length === 0 ? 0 : count / length);
  return {
    length: text.length,
    words,
    mean_word_length: words === 0 ? 0 : inWords / words,
    script: letters === 0 ? 'none' : mostFrequent(scripts),
    digit_share: share(digits),
    upper_share: share(uppers),
    punctuation_share: share(punctuation),
    question: read.includes('?'),
  };
}

/** The script most letters belong to; `other` beyond the list. */
function mostFrequent(scripts: Uint32Array): string {
  let best = 0;
  for (let script = 1; script < scripts.length; script += 1)
    if ((scripts[script] ?? 0) > (best === 0 ? 0 : (scripts[best] ?? 0))) best = script;
  return SCRIPTS[best - 1]?.[0] ?? 'other';
}

const LONGEST_CATEGORY = 60;
const MOST_WORDS_IN_A_CATEGORY = 5;
const GAPS = /\s+/g;

/** Short strings are categories; sentences are texts. */
export function isText(value: string): boolean {
  if (value.length > LONGEST_CATEGORY) return true;
  if (value.length < MOST_WORDS_IN_A_CATEGORY) return false;
  return (value.match(GAPS)?.length ?? 0) >= MOST_WORDS_IN_A_CATEGORY;
}
