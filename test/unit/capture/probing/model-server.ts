import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConnectorContext } from '../../../../exporter/src/capture/probing/connectors/connector.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import { createEgress } from '../../../../exporter/src/http/egress.js';
import { systemClock } from '../../../../exporter/src/system/system-clock.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body: Json;
}
/** By "METHOD /path"; a function sees the request; `'never'` leaves it without an answer. */
export type Routes = Readonly<Record<string, Reply | 'never' | ((asked: Asked) => Reply)>>;

/** JSON parsed, anything else as text, of a file its bytes. */
const bodyOf = (text: string, type: string): Json =>
  /^(text|multipart|image)\/|lines/.test(type) ? text : (JSON.parse(text) as Json);

/** A model server on loopback. Unknown routes answer 404; `asked` is everything that arrived. */
export async function modelServer(routes: Routes) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding(/^(multipart|image)\//.test(request.headers['content-type'] ?? '') ? 'latin1' : 'utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const one: Asked = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? null : bodyOf(text, request.headers['content-type'] ?? ''),
      };
      asked.push(one);
      const route: Routes[string] = routes[`${one.method} ${one.path}`] ?? {
        status: 404,
        body: { detail: 'Not Found' },
      };
      if (route === 'never') return;
      const reply: Reply = typeof route === 'function' ? route(one) : route;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context: ConnectorContext = {
    http,
    clock: systemClock,
    timeoutMs: 1_000,
    authorizationOf: (name) => (name === 'token' ? 'Bearer s3cret' : null),
  };
  return {
    origin,
    asked,
    context,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await http.close();
    },
  };
}
