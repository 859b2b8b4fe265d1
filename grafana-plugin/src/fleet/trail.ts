import type { LiveFigure } from '../api/live-figures';
import type { FleetModel } from '../api/types';

export type TrailMeasure = 'confidence' | 'failures' | 'latency';

const SERVICE: ReadonlyArray<FleetModel['cause']> = [
  'model-unreachable',
  'endpoint-errors',
  'overloaded-endpoint',
  'segment-outage',
  'answer-schema-changed',
];

/** The figure that shows what is wrong with a model: failed calls, latency, or the confidence of its answers. */
export function measureOf({
  cause,
  confidence_mean,
  state,
}: Pick<FleetModel, 'cause' | 'confidence_mean' | 'state'>): TrailMeasure {
  if (cause === 'slow-endpoint') {
    return 'latency';
  }
  const isService = SERVICE.includes(cause) || state === 'unreachable';
  return isService || confidence_mean === null ? 'failures' : 'confidence';
}

const SHOWN = 60;

/** The newest values of a figure. */
export const trailOf = (figures: LiveFigure[], measure: TrailMeasure): number[] =>
  figures
    .slice(-SHOWN)
    .map((figure) => figure[measure])
    .filter((value) => value !== null);
