import { categoricalTotal } from '../../detection/statistics/signal-counts.js';
import type { CategoricalRepair } from './index.js';

const FREQUENT = 10;

/** A known category vanished and a new one came with the same share: it was renamed. Pairs are matched by share. */
export const categoryRename: CategoricalRepair = (feature, before, now) => {
  const n = categoricalTotal(before);
  const m = categoricalTotal(now);
  if (n < 30 || m < 30) return null;
  const gone = [...before.categories].filter(
    ([name, count]) => count >= FREQUENT && (now.categories.get(name) ?? 0) / m < (0.2 * count) / n,
  );
  const come = new Map(
    [...now.categories].filter(([name, count]) => !before.categories.has(name) && count >= FREQUENT),
  );
  const renamed: [from: string, to: string, share: number][] = [];
  for (const [name, count] of gone.sort(([, a], [, b]) => b - a)) {
    const share = count / n;
    const tolerance = 4 * Math.sqrt((share * (1 - share)) / m);
    const match = [...come]
      .filter(([, c]) => Math.abs(c / m - share) <= tolerance)
      .sort(([, a], [, b]) => Math.abs(a / m - share) - Math.abs(b / m - share))[0];
    if (match === undefined) continue;
    come.delete(match[0]);
    renamed.push([name, match[0], share]);
  }
  if (renamed.length === 0) return null;
  const share = renamed.reduce((sum, [, , part]) => sum + part, 0);
  const told = renamed.slice(0, 3).map(([from, to]) => `“${from.slice(0, 40)}” → “${to.slice(0, 40)}”`);
  return {
    transformation: 'rename',
    parameters: Object.fromEntries(renamed.slice(0, 10).map(([from, to]) => [from, to])),
    fit: share,
    sentence: `Categories of \`${feature}\` look renamed: ${told.join(', ')}.`,
  };
};
