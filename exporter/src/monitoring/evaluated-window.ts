import type { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { Observation } from '../domain/observation.js';
import type { WindowProfile } from '../domain/profile.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import { answersLabelled, labelledShare } from '../statistics/label-counts.js';
import type { BaselinePhase } from './baseline-lifecycle.js';
import { matchedOnArrival } from './label-joiner.js';
import type { LostRows } from './lost-rows.js';
import type { RowBuffer } from './row-buffer.js';
import type { RunningDetectors } from './running-detectors.js';
import { withCounted } from './countable.js';
import { type Windows } from './windows.js';

type Monitor = Pick<DriftMonitor, 'isAlarmed' | 'hasRecovered' | 'evidence'>;

interface WindowParts {
  readonly windows: Windows;
  readonly lost: Pick<LostRows, 'reachedMs'>;
  readonly detectors: Pick<RunningDetectors, 'normalSinceMs'> & { readonly monitor: Monitor };
}

/**
 * The newest counts that are judged, of those that the e-detectors have come to: at least `windowSamples` calls where there are that many.
 * @param judgedFromMs rows before belong to an incident that is over; null where none has been
 */
export function evaluatedWindow(
  phase: BaselinePhase,
  rows: RowBuffer,
  { windows, lost, detectors: { monitor, normalSinceMs } }: WindowParts,
  thresholds: DetectionThresholds,
  judgedFromMs: number | null,
): WindowProfile {
  if (phase.kind === 'learning') {
    const { profile } = phase.learning;
    const since = judgedFromMs === null ? rows.all : rows.since(judgedFromMs);
    return rows.all.length === 0 ? profile : countsOf(since.slice(-thresholds.windowSamples), profile);
  }
  const { profile } = phase.baseline;
  const sharedBefore = labelledShare(profile);
  const span = { fromMs: judgedFromMs ?? -Infinity, toMs: lost.reachedMs };
  const inWindows = windows.callsIn(span);
  const judged =
    rowsSinceChange(rows, monitor, thresholds) ??
    rowsSinceNormal(rows, normalSinceMs, thresholds.minimumWindowSamples) ??
    (inWindows >= thresholds.windowSamples ? null : rowsAfterIncident(rows, judgedFromMs, inWindows));
  if (judged === null) return windows.newestLabelled(thresholds.windowSamples, sharedBefore, span);
  const window = countsOf(judged, profile);
  const { labels, lengthMs } = windows;
  return labels.labelled(window, lengthMs, sharedBefore, () => {
    const old = countsOf(
      judged.filter(({ atMs }) => atMs <= window.toMs - labels.ageMs),
      profile,
    );
    return { ...old.labels, ofAnswers: answersLabelled(old) };
  });
}

/**
 * Rows since a change, or those in memory where the first have left it or were lost with a process, once they are no fewer than are
 * judged otherwise. Once every changed signal is normal again, what came before would only keep the findings alive.
 */
function rowsSinceChange(
  rows: RowBuffer,
  monitor: Monitor,
  { minimumWindowSamples, windowSamples }: DetectionThresholds,
): readonly Observation[] | null {
  const since = monitor.isAlarmed && !monitor.hasRecovered ? monitor.evidence().changeAtMs : null;
  const [oldest] = rows.all;
  if (since === null || oldest === undefined) return null;
  const newer = rows.since(since);
  const least = oldest.atMs > since ? Math.max(minimumWindowSamples, windowSamples) : minimumWindowSamples;
  return newer.length < least ? null : newer;
}

/** Rows since every changed signal is normal again; null where they are too few. */
function rowsSinceNormal(rows: RowBuffer, sinceMs: number | null, least: number): readonly Observation[] | null {
  const since = sinceMs === null ? [] : rows.since(sinceMs);
  return since.length < least ? null : since;
}

/** Rows since an incident was over; null where windows that hold none of its rows have more, as after a start. */
function rowsAfterIncident(rows: RowBuffer, fromMs: number | null, inWindows: number): readonly Observation[] | null {
  const since = fromMs === null ? null : rows.since(fromMs);
  return since === null || since.length < inWindows ? null : since;
}

/** The rows with their labels, also those that came later. */
function countsOf(rows: readonly Observation[], like: WindowProfile): WindowProfile {
  return withCounted(like, null, { rows: rows.map((row) => ({ row, judged: matchedOnArrival(row) })), labels: [] });
}
