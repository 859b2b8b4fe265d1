import { wholePercent } from '../../domain/quantity-text.js';
import { isNameable } from '../../statistics/rare-categories.js';
import { categoricalTotal } from '../../statistics/signal-counts.js';
import type { CategoricalRepair } from './repair.js';

const FREQUENT = 10;

/** What is left of a name when only its spelling changed: case, accents, blanks and punctuation do not count. */
const spelling = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]/gu, '');

/**
 * A known category vanished and a new one came in its place: it was renamed. A new name spelt alike is the same category
 * whatever its share; the others are matched by share.
 */
export const categoryRename: CategoricalRepair = (feature, before, now) => {
  const n = categoricalTotal(before);
  const m = categoricalTotal(now);
  if (n < 30 || m < 30) return null;
  const gone = [...before.categories].filter(
    ([name, count]) => count >= FREQUENT && (now.categories.get(name) ?? 0) / m < (0.2 * count) / n,
  );
  const come = new Map(
    [...now.categories].filter(
      ([name, count]) => !before.categories.has(name) && count >= FREQUENT && isNameable(name, before, now),
    ),
  );
  const renamed: [from: string, to: string, share: number][] = [];
  const take = (name: string, count: number, match: string | undefined): boolean => {
    if (match === undefined) return false;
    come.delete(match);
    renamed.push([name, match, count / n]);
    return true;
  };
  const sorted = gone.sort(([, a], [, b]) => b - a);
  const respelt = sorted.filter(([name, count]) => {
    const alike = spelling(name);
    return (
      alike !== '' &&
      take(
        name,
        count,
        [...come.keys()].find((other) => spelling(other) === alike),
      )
    );
  });
  for (const [name, count] of sorted) {
    if (respelt.some(([done]) => done === name)) continue;
    const share = count / n;
    const tolerance = 4 * Math.sqrt((share * (1 - share)) / m);
    const [match] = [...come]
      .filter(([, c]) => Math.abs(c / m - share) <= tolerance)
      .sort(([, a], [, b]) => Math.abs(a / m - share) - Math.abs(b / m - share));
    take(name, count, match?.[0]);
  }
  const folded = takenByFolded(
    sorted.flatMap(([name, count]) => (renamed.some(([from]) => from === name) ? [] : [[name, count / n] as const])),
    before.other / n,
    now.other / m,
    m,
  );
  if (folded !== null) renamed.push([folded.name, NOT_KEPT, folded.share]);
  if (renamed.length === 0) return null;
  const share = renamed.reduce((sum, [, , part]) => sum + part, 0);
  const examples = renamed
    .slice(0, 3)
    .map(([from, to]) => `“${from.slice(0, 40)}” → ${to === NOT_KEPT ? to : `“${to.slice(0, 40)}”`}`);
  const more = renamed.length > 3 ? ` and ${renamed.length - 3} more` : '';
  return {
    transformation: 'rename',
    parameters: Object.fromEntries(renamed.slice(0, 10).map(([from, to]) => [from, to])),
    fit: share,
    claim: `Categories of “${feature}” look renamed: ${examples.join(', ')}${more}`,
    basis: `${wholePercent(share)} of the baseline's values`,
  };
};

/** A name that is rare in each window is not stored: after a restart it is known that one came, not which. */
const NOT_KEPT = 'a name that is not kept';

/** The one vanished category in whose place as many folded values came; null where there is none, or more than one might be it. */
function takenByFolded(
  gone: readonly (readonly [name: string, share: number])[],
  otherBefore: number,
  otherNow: number,
  valuesNow: number,
): { readonly name: string; readonly share: number } | null {
  const rise = otherNow - otherBefore;
  // A rare category may be missing by chance: without folded values nothing came in its place.
  if (rise * valuesNow < FREQUENT) return null;
  const matches = gone.filter(
    ([, share]) => Math.abs(rise - share) <= 4 * Math.sqrt((share * (1 - share)) / valuesNow),
  );
  const [only] = matches;
  return only === undefined || matches.length > 1 ? null : { name: only[0], share: only[1] };
}
