import { t } from '@grafana/i18n';
import type { BadgeColor } from '@grafana/ui';
import type { FleetModel, Recommendation } from '../api/types';

export const DASH = '–';

/** A number with three significant digits, or a dash. */
export const figure = (value: number | null | undefined, digits = 3) =>
  value === null || value === undefined || !Number.isFinite(value)
    ? DASH
    : (Number(value.toPrecision(digits)) + 0).toLocaleString('en-US', { maximumFractionDigits: 6 });
export const percent = (share: number | null | undefined) =>
  share === null || share === undefined || !Number.isFinite(share)
    ? DASH
    : `${(100 * share).toFixed(1).replace(/^-(0\.0)$/, '$1')} %`;
/** A share in whole per cent. */
export const wholePercent = (share: number) => `${Math.round(100 * share)} %`;
export const seconds = (value: number | null | undefined) =>
  value === null || value === undefined || !Number.isFinite(value)
    ? DASH
    : value < 1
      ? `${(1000 * value).toFixed(value < 0.01 ? 1 : 0)} ms`
      : `${value.toFixed(2)} s`;

/** "3 min ago", "in 2 h". */
export function relative(atMs: number | null | undefined, nowMs = Date.now()): string {
  if (atMs === null || atMs === undefined) {
    return DASH;
  }
  const span = duration(Math.abs(nowMs - atMs));
  return atMs > nowMs ? t('format.in', 'in {{span}}', { span }) : t('format.ago', '{{span}} ago', { span });
}
export function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  return s < 60
    ? `${s} s`
    : s < 3600
      ? `${Math.round(s / 60)} min`
      : s < 172_800
        ? `${Math.round(s / 3600)} h`
        : `${Math.round(s / 86_400)} d`;
}
/** How long something has lasted; nothing where it has not begun. */
export const lasting = (sinceMs: number | null, nowMs = Date.now()) =>
  sinceMs === null ? '' : duration(nowMs - sinceMs);
export const moment = (atMs: number) =>
  new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
/** Hours and minutes; the day too when it is not today's. */
export function clockTime(atMs: number, nowMs = Date.now()): string {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return at.toLocaleString(
    undefined,
    isToday ? { timeStyle: 'short' } : { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }
  );
}

/** `feature:age` → "age", `latency_seconds` → "latency". */
export const signalName = (signal: string) => signal.replace(/^feature:/, '').replace('latency_seconds', 'latency');

/** A signal as the first words of a line: a feature by its own name, anything else in words. */
export const subjectText = (subject: string) =>
  subject.startsWith('feature:') ? signalName(subject) : titled(signalName(subject));

/** "kolmogorov-smirnov" → "Kolmogorov smirnov": an identifier as the first words of a line. */
export function titled(identifier: string): string {
  if (identifier.length <= 3) {
    return identifier.toUpperCase();
  }
  const words = identifier.replace(/[-_]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const STATE_COLOURS: Record<FleetModel['state'], BadgeColor> = {
  configuring: 'blue',
  learning: 'blue',
  healthy: 'green',
  degraded: 'orange',
  failing: 'red',
  unreachable: 'red',
  paused: 'darkgrey',
};
export const STATE_TEXTS: Record<FleetModel['state'], () => string> = {
  configuring: () => t('state.configuring', 'Being set up'),
  learning: () => t('state.learning', 'Learning'),
  healthy: () => t('state.healthy', 'Healthy'),
  degraded: () => t('state.degraded', 'Degraded'),
  failing: () => t('state.failing', 'Failing'),
  unreachable: () => t('state.unreachable', 'Unreachable'),
  paused: () => t('state.paused', 'Paused'),
};
export const SEVERITY_COLOURS: Record<FleetModel['severity'], BadgeColor> = {
  none: 'darkgrey',
  low: 'blue',
  medium: 'orange',
  high: 'red',
  critical: 'red',
};
export const SEVERITY_TEXTS: Record<FleetModel['severity'], () => string> = {
  none: () => t('severity.none', 'None'),
  low: () => t('severity.low', 'Low'),
  medium: () => t('severity.medium', 'Medium'),
  high: () => t('severity.high', 'High'),
  critical: () => t('severity.critical', 'Critical'),
};
export const SEVERITY_RANK: Record<FleetModel['severity'], number> = {
  none: 0,
  low: 1,
  medium: 2,
  high: 3,
  critical: 4,
};
export const DECISION_COLOURS: Record<Recommendation['state'], BadgeColor> = {
  pending: 'orange',
  approved: 'blue',
  dispatching: 'blue',
  succeeded: 'blue',
  recovered: 'green',
  not_recovered: 'red',
  inconclusive: 'orange',
  failed: 'red',
  unknown: 'orange',
  rejected: 'darkgrey',
  expired: 'darkgrey',
  withdrawn: 'darkgrey',
  revoked: 'darkgrey',
};
export const DECISION_TEXTS: Record<Recommendation['state'], () => string> = {
  pending: () => t('decision-state.pending', 'Waiting for approval'),
  approved: () => t('decision-state.approved', 'Approved'),
  dispatching: () => t('decision-state.dispatching', 'Being carried out'),
  succeeded: () => t('decision-state.succeeded', 'Carried out'),
  recovered: () => t('decision-state.recovered', 'Helped'),
  not_recovered: () => t('decision-state.not-recovered', 'Did not help'),
  inconclusive: () => t('decision-state.inconclusive', 'Effect unclear'),
  failed: () => t('decision-state.failed', 'Failed'),
  unknown: () => t('decision-state.unknown', 'Outcome unknown'),
  rejected: () => t('decision-state.rejected', 'Rejected'),
  expired: () => t('decision-state.expired', 'Expired'),
  withdrawn: () => t('decision-state.withdrawn', 'Withdrawn'),
  revoked: () => t('decision-state.revoked', 'Approval taken back'),
};
export const ACTION_TEXTS: Record<Recommendation['action'], () => string> = {
  retrain: () => t('actions.retrain', 'Retrain'),
  rollback: () => t('actions.rollback', 'Roll back to the previous version'),
  deploy: () => t('actions.deploy', 'Deploy another version'),
  'fix-pipeline': () => t('actions.fix-pipeline', 'Fix the data pipeline'),
  recalibrate: () => t('actions.recalibrate', 'Recalibrate the confidence'),
  rebaseline: () => t('actions.rebaseline', 'Accept as the new normal'),
  'scale-out': () => t('actions.scale-out', 'Scale out'),
  'restart-endpoint': () => t('actions.restart', 'Restart the endpoint'),
  investigate: () => t('actions.investigate', 'Investigate'),
  'collect-labels': () => t('actions.labels', 'Collect labels'),
  none: () => t('actions.none', 'Nothing'),
};
