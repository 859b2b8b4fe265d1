import { defineConfig } from '@playwright/test';
import type { PluginOptions } from '@grafana/plugin-e2e';

const port = Number(process.env.HOST_PORT ?? 3999);
const grafana = process.env.GRAFANA_URL;

/** The journeys run against our host, or against a real Grafana named by GRAFANA_URL (then without what steers the stage). */
export default defineConfig<PluginOptions>({
  testDir: './tests',
  outputDir: './artifacts/test-results',
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 1,
  fullyParallel: false,
  reporter: [['list'], ['json', { outputFile: './artifacts/browser.json' }]],
  use: {
    baseURL: grafana ?? `http://127.0.0.1:${port}`,
    viewport: { width: 1400, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  ...(grafana === undefined ? { webServer: { command: 'node host/serve.mjs', url: `http://127.0.0.1:${port}/`, timeout: 120_000, stdout: 'pipe', gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 } } } : {}),
});
