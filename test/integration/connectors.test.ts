import { afterAll, describe, expect, it } from 'vitest';
import { connectorOf } from '../../exporter/src/capture/probing/connectors/index.js';
import { discover } from '../../exporter/src/capture/probing/discover.js';
import { createEgress } from '../../exporter/src/http/egress.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { MAY_SKIP, PYTHON, startPython } from './servers/python-server.js';

const http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
const context = { http, clock: systemClock, timeoutMs: 10_000, authorizationOf: () => null };

/** Real model servers of other people: only the URL is given. */
const SERVERS = [
  {
    name: 'FastAPI + scikit-learn, server root',
    script: 'fastapi_model.py',
    ready: '/openapi.json',
    path: '',
    connector: 'rest',
    confidence: true,
  },
  {
    name: 'FastAPI + scikit-learn, predict path',
    script: 'fastapi_model.py',
    ready: '/openapi.json',
    path: '/predict',
    connector: 'rest',
    confidence: true,
  },
  { name: 'Gradio', script: 'gradio_app.py', ready: '/config', path: '', connector: 'gradio', confidence: true },
  {
    name: 'Gradio below a path, with choices',
    script: 'gradio_mounted.py',
    ready: '/gradio/config',
    path: '/gradio/',
    connector: 'gradio',
    confidence: true,
  },
  { name: 'MLflow', script: 'mlflow_model.py', ready: '/ping', path: '', connector: 'mlflow', confidence: false },
] as const;

afterAll(() => http.close());

describe.skipIf(PYTHON === null && MAY_SKIP)('discovery on real model servers', () => {
  it.each(SERVERS)(
    '$name: finds connector and payload, asks, and classifies its death',
    async ({ script, ready, path, connector, confidence }) => {
      const server = await startPython(script, ready);
      try {
        const found = await discover(context, { url: `${server.url}${path}`, authorizationSecret: null });
        if (found.kind === 'not-found') throw new Error(JSON.stringify(found, null, 1));
        expect(found.endpoint.connector).toBe(connector);
        expect(found.answer.prediction).not.toBeNull();
        if (confidence) expect(found.answer.confidence).toBeGreaterThan(0.3);
        else expect(found.answer.confidence).toBeNull();

        const again = await connectorOf(found.endpoint.connector).ask(
          context,
          found.endpoint,
          found.payloads[0] ?? null,
        );
        expect(again).toMatchObject({ kind: 'answer', prediction: found.answer.prediction, shape: found.answer.shape });

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
