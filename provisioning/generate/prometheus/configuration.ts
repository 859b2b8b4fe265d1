import type { Span, Timing } from './rule.js';

/** What differs between an installation and a test on real servers. */
export interface PrometheusSettings {
  readonly timing: Timing;
  /** File with an API key that has the scope `read`. */
  readonly keyFile: string;
  /** Every replica, for /metrics. */
  readonly replicas: readonly string[];
  /** Where /metrics/models is scraped once; several only when there is no address in front of them. */
  readonly service: readonly string[];
  readonly ruleFiles: string;
  readonly alertmanagers: readonly string[];
  readonly scrapeEvery: Span;
}

/** Prometheus beside mlfi: three jobs, the rules, Alertmanager. Labels given by service discovery need no relabelling. */
export function prometheusConfiguration(settings: PrometheusSettings): object {
  const { timing, keyFile } = settings;
  const authorization = { credentials_file: keyFile };
  const interval = timing.span(settings.scrapeEvery);
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [settings.ruleFiles],
    alerting: { alertmanagers: [{ static_configs: [{ targets: settings.alertmanagers }] }] },
    scrape_configs: [
      { job_name: 'mlfi', authorization, static_configs: [{ targets: settings.replicas }] },
      {
        job_name: 'mlfi-models',
        metrics_path: '/metrics/models',
        sample_limit: 401_000,
        authorization,
        static_configs: [{ targets: settings.service }],
      },
      {
        job_name: 'mlfi-probe',
        authorization,
        http_sd_configs: [
          {
            url: `http://${settings.service[0] ?? 'mlfi:9899'}/sd/models`,
            refresh_interval: timing.span('1m'),
            authorization,
          },
        ],
      },
    ],
  };
}
