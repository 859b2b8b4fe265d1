import { afterAll, describe, expect, it } from 'vitest';
import { connectorOf } from '../../exporter/src/capture/probing/connectors/index.js';
import { discover } from '../../exporter/src/capture/probing/discover.js';
import type { Discovery } from '../../exporter/src/domain/discovery.js';
import { createEgress } from '../../exporter/src/http/egress.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { MAY_SKIP, PYTHON, startPython } from './servers/python-server.js';

const http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
const context = { http, clock: systemClock, timeoutMs: 10_000, authorizationOf: () => null };

/** Real model servers of other people: only the URL is given. `unsure`: where no confidence is given. */
const SERVERS = [
  {
    name: 'FastAPI + scikit-learn, server root',
    script: 'fastapi_model.py',
    ready: '/openapi.json',
    paths: [''],
    connector: 'rest',
    unsure: [],
  },
  {
    name: 'FastAPI + scikit-learn, predict path',
    script: 'fastapi_model.py',
    ready: '/openapi.json',
    paths: ['/predict'],
    connector: 'rest',
    unsure: [],
  },
  { name: 'Gradio', script: 'gradio_app.py', ready: '/config', paths: [''], connector: 'gradio', unsure: [] },
  {
    name: 'Gradio below a path, with choices, with pictures, with files',
    script: 'gradio_mounted.py',
    ready: '/gradio/config',
    paths: ['/gradio/', '/pictures/', '/files/'],
    connector: 'gradio',
    unsure: [],
  },
  {
    name: 'MLflow, with array and binary columns, with tensors by name',
    script: 'mlflow_model.py',
    ready: '/ping',
    paths: ['', '/signed/invocations', '/tensors/invocations'],
    connector: 'mlflow',
    unsure: [''],
  },
] as const;

afterAll(() => http.close());

describe.skipIf(PYTHON === null && MAY_SKIP)('discovery on real model servers', () => {
  it.each(SERVERS)(
    '$name: finds connector and payload, asks, and classifies its death',
    async ({ script, ready, paths, connector, unsure }) => {
      const server = await startPython(script, ready);
      try {
        let found: Discovery | null = null;
        for (const path of paths) {
          found = await discover(context, { url: `${server.url}${path}`, authorizationSecret: null });
          if (found.kind === 'not-found') throw new Error(`${path}: ${JSON.stringify(found, null, 1)}`);
          expect(found.endpoint.connector, path).toBe(connector);
          expect(found.answer.prediction, path).not.toBeNull();
          if ((unsure as readonly string[]).includes(path)) expect(found.answer.confidence, path).toBeNull();
          else expect(found.answer.confidence, path).toBeGreaterThan(0.3);

          const again = await connectorOf(found.endpoint.connector).ask(
            context,
            found.endpoint,
            found.payloads[0] ?? null,
          );
          const { prediction, shape } = found.answer;
          expect(again, path).toMatchObject({ kind: 'answer', prediction, shape });
        }
        if (found?.kind !== 'found') throw new Error('no path is given');

        await server.stop();
        const dead = await connectorOf(found.endpoint.connector).ask(
          context,
          found.endpoint,
          found.payloads[0] ?? null,
        );
        expect(dead).toMatchObject({ kind: 'failure', failure: { reason: 'connect' } });
      } finally {
        await server.stop();
      }
    },
  );
});
