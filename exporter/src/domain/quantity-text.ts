/** A share as a percentage, e.g. `12.3 %`. */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** A share as a whole percentage, e.g. `12 %`. */
export const wholePercent = (share: number): string => percent(share, 0);

/** A probability as a whole percentage; nothing is certain, e.g. `over 99 %`. */
export const probabilityText = (probability: number): string =>
  probability > 0.99 ? 'over 99 %' : probability < 0.01 ? 'under 1 %' : wholePercent(probability);

/** A share, or a difference of shares, in percentage points without the unit, e.g. `12.3`. */
export const points = (share: number, digits = 1): string => (100 * share).toFixed(digits).replace('-', '−');

/** A number with its sign, also when positive, e.g. `+0.12` or `−0.12`. */
export function signed(value: number, digits = 2): string {
  const size = Math.abs(value).toFixed(digits);
  return `${value >= 0 || Number(size) === 0 ? '+' : '−'}${size}`;
}

/** A count with its noun, e.g. `1 label`, `12 labels`. `plural` where an s does not make it. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/** Names in quotation marks, at most `most` of them, e.g. “age”, “income” and 2 more. */
export const quotedNames = (names: readonly string[], most = 3): string =>
  names
    .slice(0, most)
    .map((name) => `“${name}”`)
    .join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');

/** Short text of a number in an unknown unit: 4 significant digits. */
export function brief(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e6 || magnitude < 1e-3)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** Shifts are cut here: the baseline of a signal that hardly varied would make any number of them. */
export const MAX_STANDARD_DEVIATIONS = 1_000;

/** The size of a shift in words, e.g. `2.4 standard deviations`; where it was cut, that it is more. */
export const standardDeviationsText = (shift: number): string =>
  Math.abs(shift) >= MAX_STANDARD_DEVIATIONS
    ? `over ${MAX_STANDARD_DEVIATIONS} standard deviations`
    : `${brief(Math.abs(shift))} standard deviations`;
