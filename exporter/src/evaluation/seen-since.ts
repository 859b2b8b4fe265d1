import type { FindingSubject } from '../domain/finding.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Observation } from '../domain/observation.js';
import { differing } from './back-to-normal.js';
import { probesAnsweredSince } from './answered-probes.js';

/** Rows that are looked at. */
const MOST_ROWS = 200;
/** Two-sided level of each comparison: it is made at every evaluation. */
const LEVEL = 0.9999;

/** Newest rows that tell something of what was blamed. */
export interface SeenSince {
  /** Infinite where nothing is blamed but golden answers: no row tells of them, mlfi asks for them itself and judges the newest. */
  readonly rows: number;
  /** What they are not as in the baseline of. */
  readonly abnormal: readonly FindingSubject[];
}

/** Tells what rows after a time say of what findings were about. */
export type SeeSince = (atMs: number, subjects: readonly FindingSubject[]) => SeenSince;

/** Whether a row tells anything of what a finding is about. */
function tells(subject: FindingSubject, { features, prediction, confidence, label }: Observation): boolean {
  if (subject.startsWith('feature:') || subject === 'rows' || subject === 'schema') return features !== null;
  if (subject === 'confidence') return confidence !== null;
  if (subject === 'prediction') return prediction !== null;
  return (subject !== 'accuracy' && subject !== 'error_size') || label !== null;
}

/**
 * What the newest rows say, to be asked later: of each subject the rows that tell something of it, and by which of them it still
 * differs from the baseline. Keeps no other row of the state.
 */
export function seeSince({
  baseline,
  rows,
  lastHeardAtMs,
  ...probed
}: Pick<
  MonitoredModelState,
  'baseline' | 'rows' | 'lastHeardAtMs' | 'lastProbeFailureAtMs' | 'probesAnsweredMs'
>): SeeSince {
  const newest = rows.slice(-MOST_ROWS);
  const profile = baseline?.profile ?? null;
  return (atMs, subjects) => {
    const since = newest.filter((row) => row.atMs > atMs);
    const counts = subjects
      .filter((subject) => subject !== 'golden')
      .map((subject) => {
        const rowsTelling = since.filter((row) => tells(subject, row)).length;
        // Probes of a model that logs its calls are no rows, and what they failed by they show to be over: while nobody calls.
        const isSilent = lastHeardAtMs === null || lastHeardAtMs <= atMs;
        return subject === 'errors' && isSilent
          ? Math.max(rowsTelling, probesAnsweredSince(probed, atMs))
          : rowsTelling;
      });
    return {
      rows: subjects.length === 0 ? since.length : Math.min(...counts),
      abnormal: profile === null ? [] : differing(profile, since, subjects, LEVEL),
    };
  };
}
