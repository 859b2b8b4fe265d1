import { goldenText, type Observation } from '../domain/observation.js';

const PREFIX = 'tokens:';
/** Hashes kept of one text, and the length of each: two tokens share one by chance once in 16 million. */
const MOST_KEPT = 64;
const HASH_LENGTH = 6;
/** Different answers to one input that are compared with each other. */
const MOST_COMPARED = 12;
/** Texts that share so much are one answer, whatever the baseline says. */
const SAME_OVERLAP = 0.9;
/** Texts that share less are two answers, whatever the baseline says. */
const LEAST_OVERLAP = 0.5;

/** Scripts without spaces are read letter by letter. */
const TOKENS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu;

/** Words and numbers of a text without case and punctuation; a repeated one is told apart by its count. */
function tokensOf(text: string): string[] {
  const seen = new Map<string, number>();
  return (text.normalize('NFC').toLowerCase().match(TOKENS) ?? []).map((token) => {
    const times = (seen.get(token) ?? 0) + 1;
    seen.set(token, times);
    return times === 1 ? token : `${token} ${times}`;
  });
}

/**
 * A text as salted hashes of its normalised tokens, of a long one the smallest 64 (a bottom-k sketch, Cohen and Kaplan 2007):
 * equal for texts that differ in case, spaces and punctuation alone, and comparable by `tokenOverlap`.
 * @param hash salted one-way hash
 */
export function tokenSketch(text: string, hash: (text: string) => string): string {
  const hashes = new Set(tokensOf(text).map((token) => hash(`token ${token}`).slice(0, HASH_LENGTH)));
  return `${PREFIX}${[...hashes].sort().slice(0, MOST_KEPT).join('')}`;
}

/** What is remembered of an answer: its salted hash, of a text its hashed tokens. */
export function goldenKey(
  { prediction, generatedText }: Pick<Observation, 'prediction' | 'generatedText'>,
  hash: (text: string) => string,
): string {
  return generatedText === undefined ? hash(goldenText(prediction)) : tokenSketch(generatedText, hash);
}

/** True for what `tokenSketch` made. */
export const isSketch = (key: string): boolean => key.startsWith(PREFIX);
const hashesOf = (sketch: string): string[] =>
  sketch.slice(PREFIX.length).match(new RegExp(`.{${HASH_LENGTH}}`, 'g')) ?? [];

/** Share of their tokens that two texts have in common (Jaccard), of long ones estimated; 0 where either is no sketch. */
export function tokenOverlap(a: string, b: string): number {
  if (a === b) return 1;
  if (!isSketch(a) || !isSketch(b)) return 0;
  const [one, other] = [new Set(hashesOf(a)), new Set(hashesOf(b))];
  const union = [...new Set([...one, ...other])].sort();
  const kept = union.slice(0, one.size >= MOST_KEPT || other.size >= MOST_KEPT ? MOST_KEPT : union.length);
  return kept.filter((hash) => one.has(hash) && other.has(hash)).length / Math.max(1, kept.length);
}

/** The key among `known` under which an answer counts: its own, or that of a text that says the same. */
export function sameAnswerAmong(known: Iterable<string>, key: string, least = SAME_OVERLAP): string {
  if (!isSketch(key)) return key;
  for (const one of known) if (tokenOverlap(one, key) >= least) return one;
  return key;
}

/**
 * True when an answer is one of those known. A text is when it shares as many tokens with one of them as the known ones share
 * among each other where they differ most: the tolerance that was learnt with them, between 50 and 90 %.
 */
export function isKnownAnswer(key: string, known: readonly string[]): boolean {
  if (known.includes(key)) return true;
  const texts = known.filter(isSketch).slice(0, MOST_COMPARED);
  if (!isSketch(key) || texts.length === 0) return false;
  let tolerance = SAME_OVERLAP;
  for (const [i, one] of texts.entries())
    for (const other of texts.slice(i + 1)) tolerance = Math.min(tolerance, tokenOverlap(one, other));
  tolerance = Math.max(LEAST_OVERLAP, tolerance);
  return texts.some((text) => tokenOverlap(text, key) >= tolerance);
}

/** How often each answer was given, texts that share half of their tokens counted as one. */
export function answersApart(counts: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const apart = new Map<string, number>();
  for (const [key, times] of Object.entries(counts).sort((a, b) => b[1] - a[1])) {
    const leader = sameAnswerAmong(apart.keys(), key, LEAST_OVERLAP);
    apart.set(leader, (apart.get(leader) ?? 0) + times);
  }
  return apart;
}
