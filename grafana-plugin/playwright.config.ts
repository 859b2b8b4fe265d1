import { defineConfig, type Project } from '@playwright/test';
import type { PluginOptions } from '@grafana/plugin-e2e';
import { dirname, join } from 'node:path';

const port = Number(process.env.HOST_PORT ?? 3999);
const grafana = process.env.GRAFANA_URL;
const administrator = process.env.GRAFANA_ADMIN_USER ?? 'admin';

/** The host serves the front end this cookie names. */
const onReact18 = {
  cookies: [
    {
      name: 'mlfi_front_end',
      value: 'react-18',
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: false,
      secure: false,
      sameSite: 'Lax' as const,
    },
  ],
  origins: [],
};
const onHost: Array<Project<PluginOptions>> = [
  // First, because the other files leave the stage with another normal.
  { name: 'react-18', use: { storageState: onReact18 }, grep: /@every-host/ },
  { name: 'react-19' },
];
/** Signed in by plugin-e2e, an Admin; what is tagged `@stage` needs models and an exporter that can be steered. */
const onGrafana: Array<Project<PluginOptions>> = [
  {
    name: 'auth',
    testDir: join(dirname(require.resolve('@grafana/plugin-e2e')), 'auth'),
    testMatch: /auth\.setup\.js/,
  },
  {
    name: 'grafana',
    use: { storageState: join(__dirname, 'playwright', '.auth', `${administrator}.json`) },
    grepInvert: /@stage/,
    dependencies: ['auth'],
  },
];

/** The journeys run against our host, or against a real Grafana named by GRAFANA_URL. */
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
    // `--trace retain-on-failure` where a failure is hard to see: it costs a tenth of the time.
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: grafana === undefined ? onHost : onGrafana,
  ...(grafana === undefined
    ? {
        webServer: {
          command: 'node host/serve.mjs',
          url: `http://127.0.0.1:${port}/`,
          timeout: 180_000,
          stdout: 'pipe',
          gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
        },
      }
    : {}),
});
