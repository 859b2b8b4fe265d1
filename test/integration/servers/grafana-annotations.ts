import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An annotation as Grafana keeps it: a point has its end at its beginning. */
export interface StoredAnnotation {
  readonly id: number;
  readonly time: number;
  readonly timeEnd: number;
  readonly text: string;
  readonly tags: readonly string[];
}

export interface GrafanaAnnotations {
  readonly url: string;
  readonly stored: StoredAnnotation[];
  /** Every request, for counting. */
  readonly requests: { readonly method: string; readonly path: string; readonly status: number }[];
  /**
   * How the next POSTs behave. `deaf`: stored, but the connection is cut before the answer · a number: that status, nothing
   * stored · `well`: as Grafana does.
   */
  behaviour: 'well' | 'deaf' | number;
  token: string;
  close(): Promise<void>;
}

const TAGS_LENGTH = 500;

const pairOf = (tag: string): readonly [string, string] => {
  const [key = '', ...value] = tag.trim().split(':');
  return [key.trim(), value.join(':').trim()];
};

/**
 * Grafana's annotations API on the loopback address, written anew from how Grafana 12.4 behaves: bearer token (401), empty text
 * and long tags refused (400), `POST` answers the id, `GET` gives those that touch the time and carry all tags, newest end first.
 */
export async function startGrafanaAnnotations(port = 0, rootPath = ''): Promise<GrafanaAnnotations> {
  const stored: StoredAnnotation[] = [];
  const requests: { method: string; path: string; status: number }[] = [];

  const answer = async (request: IncomingMessage, url: URL): Promise<readonly [number, object]> => {
    if (!url.pathname.startsWith(rootPath) || url.pathname.slice(rootPath.length) !== '/api/annotations')
      return [404, { message: 'Not found' }];
    if (request.headers.authorization !== `Bearer ${grafana.token}`) return [401, { message: 'Invalid API key' }];
    if (request.method === 'GET') return [200, found(url.searchParams)];
    if (request.method !== 'POST') return [404, { message: 'Not found' }];
    if (typeof grafana.behaviour === 'number') return [grafana.behaviour, { message: 'as told' }];
    return add(await bodyOf(request));
  };

  const add = (body: unknown): readonly [number, object] => {
    const { time, timeEnd, text, tags } = body as { time?: number; timeEnd?: number; text?: string; tags?: string[] };
    if (text === undefined || text === '')
      return [400, { message: 'Failed to save annotation', error: 'text field should not be empty' }];
    if (JSON.stringify(tags ?? []).length > TAGS_LENGTH)
      return [400, { message: 'Failed to save annotation', error: 'tags length exceeds the maximum allowed' }];
    const from = time ?? Date.now();
    const until = timeEnd === undefined || timeEnd === 0 ? from : timeEnd;
    const id = stored.length + 1;
    stored.push({ id, time: Math.min(from, until), timeEnd: Math.max(from, until), text, tags: tags ?? [] });
    return [200, { message: 'Annotation added', id }];
  };

  const found = (query: URLSearchParams): readonly object[] => {
    const from = Number(query.get('from') ?? 0);
    const to = Number(query.get('to') ?? 0);
    const wanted = query.getAll('tags').map(pairOf);
    return stored
      .filter(({ time, timeEnd }) => from === 0 || to === 0 || (time <= to && timeEnd >= from))
      .filter(({ tags }) =>
        wanted.every(([key, value]) =>
          tags.map(pairOf).some((pair) => pair[0] === key && (value === '' || pair[1] === value)),
        ),
      )
      .sort((a, b) => b.timeEnd - a.timeEnd || b.time - a.time)
      .slice(0, Number(query.get('limit') ?? 100) || 100)
      .map((annotation) => ({ alertId: 0, dashboardId: 0, panelId: 0, userId: 0, login: 'sa-mlfi', ...annotation }));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://grafana');
    void answer(request, url)
      .catch((): readonly [number, object] => [400, { message: 'bad request data' }])
      .then(([status, body]) => {
        requests.push({ method: request.method ?? '', path: url.pathname, status });
        if (request.method === 'POST' && grafana.behaviour === 'deaf') response.destroy();
        else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const grafana: GrafanaAnnotations = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${rootPath}`,
    stored,
    requests,
    behaviour: 'well',
    token: 'glsa_loopback',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return grafana;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
