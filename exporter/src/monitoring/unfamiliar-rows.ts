import type { IngestBatch, IngestNote } from '../domain/ingest.js';
import type { Features } from '../domain/observation.js';
import type { BaselineProfile } from '../domain/profile.js';

const FEATURE = 'feature:';
const NAMED = 5;

/** What is known of a baseline does not change: it is asked with every batch. */
const knownOf = new WeakMap<BaselineProfile['profile'], ReadonlySet<string>>();
const NOTHING_KNOWN: ReadonlySet<string> = new Set();

/** Inputs the baseline knows; a text is counted by its parts (`comment.length`) and sent by its name. */
function known({ profile }: Pick<BaselineProfile, 'profile'>): ReadonlySet<string> {
  const before = knownOf.get(profile);
  if (before !== undefined) return before;
  const names = [...profile.signals.keys()].flatMap((key) =>
    key.startsWith(FEATURE) ? [key.slice(FEATURE.length)] : [],
  );
  const all = new Set(names.flatMap((name) => [name, name.replace(/\.[^.]*$/, '')]));
  knownOf.set(profile, all);
  return all;
}

/** Whether a row holds an input, and only such as are not known. */
function isUnfamiliar(features: Features | null, names: ReadonlySet<string>): boolean {
  let isSent = false;
  for (const name in features) {
    if (names.has(name)) return false;
    isSent = true;
  }
  return isSent;
}

function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names
    .slice(0, NAMED)
    .map((name) => `\`${name}\``)
    .join(', ')}${more}`;
}

/**
 * What is to be said of rows that name inputs of which the baseline knows none, as after a rename or with the rows of
 * another model: they are counted, and nothing in them can be compared. `line` counts the rows that were taken.
 * @param baseline null while nothing is known to compare with
 * @returns null when every row holds a known input, or none
 */
export function unfamiliarRows(
  baseline: Pick<BaselineProfile, 'profile'> | null,
  observations: IngestBatch['observations'],
): IngestNote | null {
  const names = baseline === null ? NOTHING_KNOWN : known(baseline);
  if (names.size === 0) return null;
  let [rows, first] = [0, -1];
  for (const [i, { features }] of observations.entries()) {
    if (!isUnfamiliar(features, names)) continue;
    rows += 1;
    if (first === -1) first = i;
  }
  if (rows === 0) return null;
  const learnt = [...names].filter((name) => baseline?.profile.signals.has(`${FEATURE}${name}`) === true).sort();
  const message = `none of the inputs sent (${listed(Object.keys(observations[first]?.features ?? {}))}) is one this model was learnt with (${listed(learnt)}): the rows are counted, and their inputs are compared with nothing; send the names it was learnt with, or learn a new baseline`;
  return { reason: 'inputs_unknown', rows, line: first + 1, field: 'features', message };
}
