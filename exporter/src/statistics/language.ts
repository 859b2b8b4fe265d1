/** Words of grammar that are frequent in one of these languages and rare in the others. */
const WORDS: Readonly<Record<string, string>> = {
  en: 'the of and to is that it for was with are this you have not be they which from would',
  de: 'der die das und ist nicht ein eine zu den mit sich auf für im dem wird auch von sie',
  fr: 'le la les et est dans une des du que qui pour pas au sur avec ce vous nous il',
  es: 'el los las y es en una que por con para del se su lo como más pero está al',
  it: 'il di che è per una gli non con del della sono nel alla anche più questo ha si ma',
  pt: 'o os as e é em uma que por com para não do da se mais como ao dos você',
  nl: 'de het een en van is niet dat op te zijn voor met er maar ook aan wordt naar bij',
};
const LANGUAGES = Object.entries(WORDS).map(([code, words]) => [code, new Set(words.split(' '))] as const);
const MOST_WORDS_READ = 300;
/** Share of its words that a text has of one language at least, and how many of them. */
const LEAST_SHARE = 0.1;
const LEAST_WORDS = 2;

/**
 * The language of a text in Latin letters by its words of grammar (Cavnar and Trenkle's short-word method): a code of ISO 639-1,
 * `other` where none stands out, null for too few words to tell.
 */
export function languageOf(text: string): string | null {
  const words = (
    text
      .slice(0, 10_000)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  ).slice(0, MOST_WORDS_READ);
  if (words.length < 4) return null;
  const counts = LANGUAGES.map(([code, known]) => ({ code, count: words.filter((word) => known.has(word)).length }));
  const [best, second] = counts.sort((a, b) => b.count - a.count);
  if (best === undefined || best.count < LEAST_WORDS || best.count / words.length < LEAST_SHARE) return 'other';
  return best.count > (second?.count ?? 0) ? best.code : 'other';
}
