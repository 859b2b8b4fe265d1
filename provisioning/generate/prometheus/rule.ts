import { METRICS, type MetricName } from '../../../exporter/src/metrics/catalogue.js';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Name of a metric of the catalogue; one that is not there does not compile. */
export function metric(name: MetricName, part: '' | '_bucket' | '_sum' | '_count' = ''): string {
  if ((part !== '') !== (METRICS[name].type === 'histogram'))
    throw new Error(`${name} is ${METRICS[name].type === 'histogram' ? '' : 'not '}a histogram`);
  return `${name}${part}`;
}

const UNITS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
/** `5m`, `1h`, `3d` …: one number, one unit. */
export type Span = `${number}${keyof typeof UNITS}`;

const secondsOf = (span: Span): number => Number(span.slice(0, -1)) * UNITS[span.slice(-1) as keyof typeof UNITS];

/**
 * Writes durations. Real rules run at `speed` 1; tests on real servers use the same rules with every duration divided.
 */
export class Timing {
  constructor(readonly speed = 1) {}

  /** Seconds of a span at this speed, at least one. */
  seconds(span: Span): number {
    return Math.max(1, Math.round(secondsOf(span) / this.speed));
  }

  /** The span as Prometheus writes it. */
  span(span: Span): string {
    const seconds = this.seconds(span);
    for (const [unit, size] of Object.entries(UNITS)) if (seconds % size === 0) return `${seconds / size}${unit}`;
    return `${seconds}s`;
  }
}
