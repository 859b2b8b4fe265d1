import type { FeatureKind, FeatureReadings } from '../domain/feature-kind.js';
import type { BlindSpot } from '../domain/finding.js';
import type { IntakeSummary, NoteReason, RowsWaiting, UnwatchedFeatures } from '../domain/ingest.js';
import { clockText, durationText, timeText } from '../domain/time-text.js';
import { counted } from '../domain/quantity-text.js';

const NAMED = 5;
const HOUR_MS = 3_600_000;
const REASONS: readonly (readonly [kind: FeatureKind, reason: string])[] = [
  ['date', 'its values are dates, and new ones are in their nature; only whether they are there is watched'],
  ['identifier', 'each value names a row; only whether it is there is watched'],
];

/** What cannot be watched, of notes that are not about one field. */
const CHECKS: Readonly<Partial<Record<NoteReason, string>>> = {
  inputs_unknown: 'inputs under new names',
  prediction_missing: 'answers that were not sent',
  probes_judge: 'logged rows',
};

/** What of the rows sent is not watched, or not read as it was meant. */
export function intakeBlindSpots(intake: IntakeSummary | null): readonly BlindSpot[] {
  if (intake === null) return [];
  const spots = [
    ...intake.leftOut.map(({ reason, field, message }) => ({
      check: CHECKS[reason] ?? `all of \`${field}\``,
      reason: message,
    })),
    ...notJudged(intake.notJudged),
    ...beyondWatched(intake.unwatched),
  ];
  if (intake.clockOffsetMs === null) return spots;
  const hours = Number((intake.clockOffsetMs / HOUR_MS).toFixed(2));
  const reason = `each batch arrives ${hours} h after the time of its newest row; if the sender writes local time without a zone, it is read as UTC`;
  return [...spots, { check: 'when things happened', reason }];
}

function notJudged(intake: IntakeSummary['notJudged']): readonly BlindSpot[] {
  const { late, lost, labels = 0, clock } = intake;
  const spots: BlindSpot[] = [];
  if (clock !== undefined) {
    const reason = `mlfi’s clock was ahead, and was found right again at ${timeText(clock.setBackAtMs)}; they are in the counts of that time, and are judged no more`;
    spots.push({ check: `rows that were dated as late as ${timeText(clock.aheadToMs)}`, reason });
  }
  if (late > 0) {
    const reason =
      'newer rows had been judged when they came; they are in the counts, and no evidence is gathered from them';
    spots.push({ check: counted(late, 'row that came late', 'rows that came late'), reason });
  }
  if (lost > 0) {
    const reason =
      'mlfi was ended, or read the model anew from its store, before what they say was stored; they are in the counts, and nothing is learnt from them; a watched model is judged by their counts where they are most of a window';
    spots.push({ check: `up to ${counted(lost, 'row')} that waited in memory`, reason });
  }
  if (labels > 0) {
    const reason =
      'their predictions did not come within a day, had a label already, or 50,000 others were waiting; send the prediction_id of the prediction with its label';
    spots.push({ check: counted(labels, 'label without a prediction', 'labels without a prediction'), reason });
  }
  return spots;
}

function beyondWatched(unwatched: UnwatchedFeatures | null): readonly BlindSpot[] {
  if (unwatched === null) return [];
  const { names, first, watched } = unwatched;
  const more = names === 1 ? '' : ` and ${names - 1} more`;
  const reason = `of one model the first ${counted(watched, 'feature')} are watched (intake.limits.features_per_model); these came after them, and are in no count`;
  return [{ check: `all of \`${first}\`${more}`, reason }];
}

/** Rows wait so long for older ones without that it is told. */
const WAITS_UNTOLD_MS = 60_000;

/** Rows that nothing is found in yet, where they wait longer than anybody expects. */
export function rowsThatWait(waiting: RowsWaiting | null | undefined): readonly BlindSpot[] {
  if (waiting === null || waiting === undefined || waiting.latenessMs < WAITS_UNTOLD_MS) return [];
  const { rows, untilMs, latenessMs } = waiting;
  const reason = `rows came up to ${durationText(latenessMs)} after newer ones, so older ones may still come; these are judged by ${clockText(untilMs)} if nothing more comes before`;
  return [{ check: counted(rows, 'row that waits', 'rows that wait'), reason }];
}

/** Features whose values are not watched because of what they are. */
export function unwatchedFeatures(features: FeatureReadings): readonly BlindSpot[] {
  return REASONS.flatMap(([kind, reason]) => {
    const names = [...features].filter(([, reading]) => reading.kind === kind).map(([name]) => `\`${name}\``);
    if (names.length === 0) return [];
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return [{ check: `drift of ${names.slice(0, NAMED).join(', ')}${more}`, reason }];
  });
}
