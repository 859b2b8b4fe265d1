import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { discover } from '../../../exporter/src/capture/probing/discover.js';
import type { ConnectorId } from '../../../exporter/src/domain/model.js';
import { createEgress } from '../../../exporter/src/http/egress.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { freePort } from '../servers/free-port.js';
import { startServerProcess } from '../servers/server-process.js';

/**
 * Real servers too large to install with every run (`npm run test:serving`): a folder of environments, each made of its file,
 * `python -m venv F/ray && F/ray/bin/pip install -r test/integration/serving/requirements/ray.txt`.
 */
const FOLDER = process.env['MLFI_SERVING_ENVIRONMENTS'] ?? '';
const pythonOf = (name: string): string => join(FOLDER, name, 'bin/python');

const http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
const context = { http, clock: systemClock, timeoutMs: 10_000, authorizationOf: () => null };
afterAll(() => http.close());

interface Large {
  readonly environment: string;
  readonly script: string;
  readonly ready: string;
  /** Where a user may point. */
  readonly paths: readonly string[];
  readonly connector: ConnectorId;
}
const SERVERS: readonly Large[] = [
  {
    environment: 'mlserver',
    script: 'mlserver_model.py',
    ready: '/v2/models/iris/ready',
    paths: ['/', '/v2/models/iris', '/v2/models/iris/infer'],
    connector: 'open-inference',
  },
  {
    environment: 'bentoml',
    script: 'bentoml_service.py',
    ready: '/readyz',
    paths: ['/', '/classify'],
    connector: 'bentoml',
  },
  {
    environment: 'ray',
    script: 'ray_serve_app.py',
    ready: '/sentiment/openapi.json',
    paths: ['/', '/sentiment', '/sentiment/classify'],
    connector: 'rest',
  },
];

describe.each(SERVERS)('$environment', ({ environment, script, ready, paths, connector }) => {
  it.skipIf(!existsSync(pythonOf(environment)))(
    `is asked from ${paths.join(', ')} alone, with prediction and confidence`,
    async () => {
      const port = await freePort();
      const server = await startServerProcess({
        command: pythonOf(environment),
        args: [join(import.meta.dirname, '../servers', script), String(port)],
        url: `http://127.0.0.1:${port}`,
        readyPath: ready,
        timeoutMs: 120_000,
        stopWith: 'SIGTERM',
      });
      try {
        for (const path of paths) {
          const found = await discover(context, { url: `${server.url}${path}`, authorizationSecret: null });
          if (found.kind === 'not-found') throw new Error(`${path}: ${JSON.stringify(found, null, 1)}`);
          expect(found.endpoint.connector, path).toBe(connector);
          expect(found.answer.prediction, path).not.toBeNull();
          expect(found.answer.confidence, path).toBeGreaterThan(0.3);
        }
      } finally {
        await server.stop();
      }
    },
    180_000,
  );
});
