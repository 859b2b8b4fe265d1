import type { IngestBatch, IngestNote } from '../domain/ingest.js';
import type { BaselineProfile } from '../domain/profile.js';

const FEATURE = 'feature:';
const NAMED = 5;

/** Inputs the baseline knows; a text is counted by its parts (`comment.length`) and sent by its name. */
function known({ profile }: Pick<BaselineProfile, 'profile'>): ReadonlySet<string> {
  const names = [...profile.signals.keys()].flatMap((key) =>
    key.startsWith(FEATURE) ? [key.slice(FEATURE.length)] : [],
  );
  return new Set(names.flatMap((name) => [name, name.replace(/\.[^.]*$/, '')]));
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
  const names = baseline === null ? new Set<string>() : known(baseline);
  if (names.size === 0) return null;
  let [rows, first] = [0, -1];
  for (const [i, { features }] of observations.entries()) {
    const sent = Object.keys(features ?? {});
    if (sent.length === 0 || sent.some((name) => names.has(name))) continue;
    rows += 1;
    if (first === -1) first = i;
  }
  if (rows === 0) return null;
  const learnt = [...names].filter((name) => baseline?.profile.signals.has(`${FEATURE}${name}`) === true).sort();
  const message = `none of the inputs sent (${listed(Object.keys(observations[first]?.features ?? {}))}) is one this model was learnt with (${listed(learnt)}): the rows are counted, and their inputs are compared with nothing; send the names it was learnt with, or learn a new baseline`;
  return { reason: 'inputs_unknown', rows, line: first + 1, field: 'features', message };
}
