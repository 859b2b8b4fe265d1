import type { Observation } from '../../domain/observation.js';
import { wholePercent } from '../../domain/quantity-text.js';
import type { Repair, Side } from './repair.js';

type Form = 'number' | 'boolean' | 'text';
const WORDS: Readonly<Record<Form, string>> = { number: 'a number', boolean: 'true or false', text: 'text' };

/** Rows of either side from which the type of a feature is told. */
const MIN_ROWS = 20;
/** Share of the values in another form from which the sender is taken to have changed it, and not a single row to be odd. */
const MIN_SHARE = 0.05;
/** Share of the values from which the rest are the exceptions. */
const NEARLY_ALL = 0.95;

/** How a value is written; true and false are counted as categories under their names. Infinity and NaN have no form. */
function formOf(value: unknown): Form | null {
  if (typeof value === 'number') return Number.isFinite(value) ? 'number' : null;
  if (value === true || value === false || value === 'true' || value === 'false') return 'boolean';
  return typeof value === 'string' ? 'text' : null;
}

function formsOf(
  feature: string,
  rows: readonly Observation[],
): Readonly<Record<Form, number>> & { readonly all: number } {
  const forms = { number: 0, boolean: 0, text: 0, all: 0 };
  for (const { features } of rows) {
    const value = features?.[feature] ?? null;
    const form = formOf(value);
    if (value === null) continue;
    forms.all += 1;
    if (form !== null) forms[form] += 1;
  }
  return forms;
}

/**
 * A feature written as another type than it used to be: a number as text, true and false as 0 and 1. Read off rows, for counts
 * only hold how many values were of the wrong type.
 */
export function typeChange(feature: string, before: Side, now: Side): Repair | null {
  const was = formsOf(feature, before.rows);
  const is = formsOf(feature, now.rows);
  if (was.all < MIN_ROWS || is.all < MIN_ROWS) return null;
  const forms: readonly Form[] = ['number', 'boolean', 'text'];
  const usual = forms.find((form) => was[form] >= NEARLY_ALL * was.all);
  const [other] = forms
    .filter((form) => form !== usual && is[form] >= MIN_SHARE * is.all)
    .sort((a, b) => is[b] - is[a]);
  // Categories such as "true" may come and go; between a text and them, only the mix changes.
  if (usual === undefined || other === undefined || (usual !== 'number' && other !== 'number')) return null;
  const share = is[other] / is.all;
  const part = share >= NEARLY_ALL ? '' : ` in ${wholePercent(share)} of the rows`;
  // What is no category is counted as a number, whatever it was.
  const claim =
    usual === 'text'
      ? `“${feature}” no longer arrives as text${part}`
      : `“${feature}” arrives as ${WORDS[other]}${part}`;
  return {
    transformation: 'type-change',
    parameters: { from: WORDS[usual], to: usual === 'text' ? 'another type' : WORDS[other] },
    fit: share,
    claim,
    basis: usual === 'text' ? 'it did before' : `before, as ${WORDS[usual]}`,
  };
}
