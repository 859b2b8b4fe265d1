import { useEffect, useRef, useState } from 'react';
import type { FleetModel } from '../api/types';

export type TrailMeasure = 'confidence' | 'failures' | 'latency';

const KEPT = 60;
const SERVICE: ReadonlyArray<FleetModel['cause']> = [
  'model-unreachable',
  'endpoint-errors',
  'overloaded-endpoint',
  'segment-outage',
  'answer-schema-changed',
];

/** The figure that shows what is wrong with a model: failed calls, latency, or the confidence of its answers. */
export function measureOf({ cause, confidence_mean, state }: Pick<FleetModel, 'cause' | 'confidence_mean' | 'state'>) {
  if (cause === 'slow-endpoint') {
    return 'latency';
  }
  const isService = SERVICE.includes(cause) || state === 'unreachable';
  return isService || confidence_mean === null ? 'failures' : 'confidence';
}

const valueOf = (model: FleetModel): number | null => {
  const values: Record<TrailMeasure, number | null> = {
    confidence: model.confidence_mean,
    failures: model.window_samples === 0 ? null : model.error_share,
    latency: model.latency_p50_seconds,
  };
  return values[measureOf(model)];
};

export interface Trail {
  measure: TrailMeasure;
  values: number[];
}

/** Remembers the last minutes of every model's telling figure while the page is open. */
export function useTrails(models: FleetModel[] | undefined): Map<string, Trail> {
  const kept = useRef(new Map<string, Trail>());
  const [trails, setTrails] = useState<Map<string, Trail>>(new Map());
  useEffect(() => {
    for (const model of models ?? []) {
      const [measure, value] = [measureOf(model), valueOf(model)] as const;
      const before = kept.current.get(model.id);
      const values = before?.measure === measure ? before.values : [];
      kept.current.set(model.id, { measure, values: value === null ? values : [...values, value].slice(-KEPT) });
    }
    setTrails(new Map(kept.current));
  }, [models]);
  return trails;
}
