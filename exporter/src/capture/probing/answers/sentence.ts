/** Words from which on a text is a sentence, and letters of a script that writes no word apart. */
const FEWEST_WORDS = 4;
const FEWEST_LETTERS = 12;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/gu;
/** No more of a text is looked at: its length is the server's choice. */
const LONGEST_READ = 1_000;

/** Whether a text is a sentence for people, in whatever language, and not the name of a class. */
export function isSentence(text: string): boolean {
  const read = text.slice(0, LONGEST_READ);
  const words = read.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  return words.length >= FEWEST_WORDS || (read.match(UNSPACED) ?? []).length >= FEWEST_LETTERS;
}

/** Names under which a model writes texts, without case and separators. */
const TEXT_NAMES =
  /text|summar|translat|caption|transcri|repl(?:y|ies)|response|content|completion|generat|answer|output|descri|paraphras|title|headline|question|story|result|prediction|label|class|categor|value/;

/**
 * Whether a lone field may be the answer: a sentence under a name that tells of no text is more likely about the call
 * (`{"エラー": "モデルが読み込まれていません"}`), and whoever knows better says where the prediction is.
 * @param name without case and separators
 */
export const mayAnswer = (name: string, value: unknown): boolean =>
  typeof value !== 'string' || !isSentence(value) || TEXT_NAMES.test(name);
