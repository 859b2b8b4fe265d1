import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface ProcessMetrics {
  readonly contentType: string;
  render(): Promise<string>;
  request(route: string, method: string, status: number, seconds: number): void;
}

/** Metrics of this process in a registry of its own. Text format only: prom-client renames counters for good in the other. */
export function createProcessMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'mlfi_build_info',
    help: 'Version of this process, always 1',
    labelNames: ['version', 'nodeversion'],
    registers: [registry],
  }).set({ version, nodeversion: process.version }, 1);
  const requests = new Histogram({
    name: 'mlfi_http_request_duration_seconds',
    help: 'How long requests took, by route template',
    labelNames: ['route', 'method', 'code'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    request: (route, method, status, seconds) => requests.observe({ route, method, code: String(status) }, seconds),
  };
}
