/** What tables, and senders that make a text of everything, write for “no value”; in lower case. */
const MISSING = new Set(['', 'nan', 'null', 'none', 'na', 'n/a', '<na>', 'nat']);
const LONGEST = 4;

/** True for a text that stands for no value, as pandas and databases write it. */
export const isMissingText = (text: string): boolean =>
  text.length <= LONGEST && MISSING.has(text.trim().toLowerCase());
