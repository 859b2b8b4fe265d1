import { durationText, timeText } from '../domain/time-text.js';
import { counted } from '../domain/quantity-text.js';
import type { ExternalAlert } from '../domain/alert.js';
import type { Incident, TimelineEntry } from '../domain/incident.js';
import { compareSeverity, type Severity } from '../domain/severity.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { changeEntry } from './changes-told.js';
import type { HysteresisSettings } from './hysteresis.js';

export const alertText = ({ sender, name, summary }: ExternalAlert): string =>
  `${sender === 'grafana' ? 'Grafana' : 'Alertmanager'}: ${name}${summary === '' ? '' : ` — ${summary}`}`;

/** How a timeline begins: what changed before, alerts that fire, the first evidence, the opening. */
export function openingEntries(
  { diagnosis, explanation }: Pick<Evaluation, 'diagnosis' | 'explanation'>,
  firing: readonly ExternalAlert[],
  firstEvidenceAtMs: number,
  nowMs: number,
): readonly TimelineEntry[] {
  const firstEvidence = diagnosis.findings[0]?.sentence ?? 'First finding.';
  return [
    ...diagnosis.changes.map(changeEntry),
    ...firing.map((alert): TimelineEntry => ({ atMs: alert.startsAtMs, kind: 'alert', text: alertText(alert) })),
    { atMs: firstEvidenceAtMs, kind: 'first-evidence', text: firstEvidence },
    { atMs: nowMs, kind: 'opened', text: explanation.headline },
  ];
}

/** Lines for another severity, and for a headline that is new. */
export function newsEntries(
  { severity: before }: Pick<Incident, 'severity'>,
  now: {
    readonly severity: Severity;
    readonly reason: string;
    readonly headline: string | null;
    readonly isOther: boolean;
  },
  hysteresis: HysteresisSettings,
  nowMs: number,
): readonly TimelineEntry[] {
  const { severity, reason, headline, isOther } = now;
  return [
    ...(severity === before ? [] : [severityEntry(before, severity, reason, isOther ? null : hysteresis, nowMs)]),
    ...(headline === null ? [] : [{ atMs: nowMs, kind: 'diagnosis-changed' as const, text: headline }]),
  ];
}

/**
 * Says that the severity rose or fell, and by which rule.
 * @param hysteresis null where it came with another cause
 */
function severityEntry(
  before: Severity,
  now: Severity,
  reason: string,
  hysteresis: HysteresisSettings | null,
  nowMs: number,
): TimelineEntry {
  const rule =
    hysteresis === null
      ? 'for another cause is told'
      : `the worst of the last ${counted(hysteresis.milder, 'evaluation')}`;
  const text =
    compareSeverity(now, before) > 0
      ? `Severity rose from ${before} to ${now}: ${reason}`
      : `Severity fell from ${before} to ${now}, ${rule}: ${reason}`;
  return { atMs: nowMs, kind: 'diagnosis-changed', text };
}

/** When an incident that closes now is over: not before it was opened, where the clock was set back since. */
export const closedAt = ({ openedAtMs }: Pick<Incident, 'openedAtMs'>, nowMs: number): number =>
  Math.max(nowMs, openedAtMs);

export const ANOTHER_FAULT = 'Nothing of it is found any more; what is found since is another fault.';

/**
 * How a timeline ends.
 * @param leaves why the model is no longer monitored; null when it has recovered
 * @param recovery by what it has
 */
export function closingEntries(
  { openedAtMs }: Pick<Incident, 'openedAtMs'>,
  { close }: HysteresisSettings,
  leaves: string | null,
  nowMs: number,
  recovery = `No finding in the last ${counted(close, 'evaluation')}.`,
): readonly TimelineEntry[] {
  const atMs = closedAt({ openedAtMs }, nowMs);
  const since = `open since ${timeText(openedAtMs)}`;
  const text =
    nowMs < openedAtMs
      ? `Closed (${since}; for how long is not known, the clock was set back)`
      : `Closed after ${durationText(nowMs - openedAtMs)} (${since})`;
  if (leaves !== null) return [{ atMs, kind: 'closed', text: `${text}: ${leaves}.` }];
  return [
    { atMs, kind: 'recovered', text: recovery },
    { atMs, kind: 'closed', text: `${text}.` },
  ];
}
