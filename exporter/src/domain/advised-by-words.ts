/** What a call that failed says of itself, and the one thing to do about it where its kind leaves that open. */
const BY_WORDS: readonly (readonly [said: RegExp, advice: string])[] = [
  [/^the answer is an empty list|^the list at \S+ is empty/, 'Give a payload with which the model finds something.'],
  [
    /^the answer holds NaN or Infinity/,
    'Give a payload of which the model makes a number, and let the server answer null where it makes none.',
  ],
];

/** The one thing to do about a failed call that says more than its kind; null for any other. */
export const advisedByWords = (detail: string): string | null =>
  BY_WORDS.find(([said]) => said.test(detail))?.[1] ?? null;
