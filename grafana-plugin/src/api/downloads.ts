import { config } from '@grafana/runtime';
import { EXPORTER_PROXY } from '../constants';
import type { Range } from './models';

const at = encodeURIComponent;
const proxied = (path: string) => `${config.appSubUrl ?? ''}${EXPORTER_PROXY}/api/v1/${path}`;

/** Addresses of files the browser downloads through Grafana's proxy. */
export const downloadUrl = {
  report: (incident: string, format: 'markdown' | 'html' | 'json' | 'csv') =>
    proxied(`incidents/${at(incident)}/report?format=${format}`),
  aggregates: (model: string, { fromMs, toMs }: Range) =>
    proxied(
      `models/${at(model)}/aggregates.csv?${new URLSearchParams({ from_ms: String(Math.floor(fromMs)), to_ms: String(Math.ceil(toMs)) })}`
    ),
  audit: () => proxied('audit/export'),
};
