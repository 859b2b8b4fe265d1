import type { RawTimeRange } from '@grafana/data';
import { config } from '@grafana/runtime';
import { rangeParameters } from './components/useTimeRange';

const LAST_HOURS: RawTimeRange = { from: 'now-6h', to: 'now' };

/** Explore with the model's confidence as this exporter names it. */
export function exploreUrl(modelId: string, raw: RawTimeRange | null): string {
  const datasource = Object.values(config.datasources).find(({ type }) => type === 'prometheus')?.uid ?? 'prometheus';
  const expr = `mlfi_model_window_confidence_ratio{model_name="${modelId}"}`;
  const panes = {
    mlfi: {
      datasource,
      queries: [{ refId: 'A', expr, datasource: { type: 'prometheus', uid: datasource } }],
      range: rangeParameters(raw ?? LAST_HOURS),
    },
  };
  return `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

/** The provisioned dashboard of one model. */
export function dashboardUrl(modelId: string, raw: RawTimeRange | null): string {
  return `/d/mlfi-model?${new URLSearchParams({ 'var-model_name': modelId, ...(raw === null ? {} : rangeParameters(raw)) })}`;
}
