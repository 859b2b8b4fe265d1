import type { Metric } from '../../exporter/src/metrics/catalogue.js';

/** Series names a family is stored under: a histogram has three. */
export function seriesNames(name: string, metric: Metric): readonly string[] {
  return metric.type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}
