import type { FleetModel } from './types';

/** What a model did at one moment: as the exporter evaluated it, and as it was answered since somebody looks. */
export interface LiveFigure {
  atMs: number;
  confidence: number | null;
  failures: number | null;
  latency: number | null;
}

const KEPT = 200;
/** Less than this apart, two answers tell the same. */
const APART_MS = 1_000;
const kept = new Map<string, LiveFigure[]>();

type Figures = Pick<
  FleetModel,
  'id' | 'window_samples' | 'confidence_mean' | 'error_share' | 'latency_p50_seconds' | 'recent'
>;

/** What is kept, with the exporter's own figures in the place of those of the same time. */
function withRecent(before: LiveFigure[], recent: Figures['recent']): LiveFigure[] {
  const told = recent.map(({ at_ms, confidence_mean, error_share, latency_p50_seconds }) => ({
    atMs: at_ms,
    confidence: confidence_mean,
    failures: error_share,
    latency: latency_p50_seconds,
  }));
  const [first, last] = [told[0], told[told.length - 1]];
  return first === undefined
    ? before
    : [...before.filter(({ atMs }) => atMs < first.atMs), ...told, ...before.filter(({ atMs }) => atMs > last.atMs)];
}

/** Remembers the figures of an answer for as long as Grafana stays open: there are no stored ones before the first baseline. */
export function remember(models: Figures[], atMs = Date.now()): void {
  for (const { id, window_samples, confidence_mean, error_share, latency_p50_seconds, recent } of models) {
    const before = withRecent(kept.get(id) ?? [], recent);
    const last = before.at(-1);
    const failures = window_samples === 0 ? null : error_share;
    const figure = { atMs, confidence: confidence_mean, failures, latency: latency_p50_seconds };
    // The exporter's figures stay whatever the browser's clock says.
    const isNews = last === undefined || atMs - last.atMs >= APART_MS;
    kept.set(id, (isNews ? [...before, figure] : before).slice(-KEPT));
  }
}

/** What was remembered of a model, oldest first. */
export const remembered = (id: string): LiveFigure[] => kept.get(id) ?? [];
