import type { BadgeColor } from '@grafana/ui';
import type { FleetModel, Recommendation } from '../api/types';

export const DASH = '–';

/** A number with three significant digits, or a dash. */
export const figure = (value: number | null | undefined, digits = 3) =>
  value === null || value === undefined || !Number.isFinite(value)
    ? DASH
    : (Number(value.toPrecision(digits)) + 0).toLocaleString('en-US', { maximumFractionDigits: 6 });
export const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? DASH : `${(100 * share).toFixed(1).replace(/^-(0\.0)$/, '$1')} %`;
export const seconds = (value: number | null | undefined) =>
  value === null || value === undefined
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
  return atMs > nowMs ? `in ${span}` : `${span} ago`;
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
export const moment = (atMs: number) =>
  new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** `feature:age` → "age", `latency_seconds` → "latency". */
export const signalName = (signal: string) => signal.replace(/^feature:/, '').replace('latency_seconds', 'latency');

export const STATE_COLOURS: Record<FleetModel['state'], BadgeColor> = {
  learning: 'blue',
  healthy: 'green',
  degraded: 'orange',
  failing: 'red',
  unreachable: 'red',
  paused: 'darkgrey',
};
export const SEVERITY_COLOURS: Record<FleetModel['severity'], BadgeColor> = {
  none: 'darkgrey',
  low: 'blue',
  medium: 'orange',
  high: 'red',
  critical: 'red',
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
