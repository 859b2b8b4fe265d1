import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress, hostMatcher, isAllowedAddress, type EgressPolicy } from '../../../exporter/src/http/egress.js';

const CLOSED: EgressPolicy = { allowHosts: [], allowCidrs: [], allowPorts: [] };
const LOOPBACK: EgressPolicy = { ...CLOSED, allowCidrs: ['127.0.0.0/8'] };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listening(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanups.push(
    () =>
      new Promise((done) => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close(() => done());
      }),
  );
  return (server.address() as AddressInfo).port;
}

const serving = (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> =>
  listening(createServer(handle));

function call(policy: EgressPolicy, url: string, extra: { timeoutMs?: number; maxResponseBytes?: number | null } = {}) {
  const egress = createEgress(policy);
  cleanups.push(() => egress.close());
  return egress.call({
    method: 'GET',
    url,
    headers: { authorization: 'Bearer s3cret-value' },
    body: null,
    timeoutMs: extra.timeoutMs ?? 3_000,
    maxResponseBytes: extra.maxResponseBytes === undefined ? 10_000 : extra.maxResponseBytes,
  });
}

async function failure(...given: Parameters<typeof call>) {
  const answer = await call(...given);
  if (answer.kind !== 'failure') throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 80)}`);
  expect(answer.failure.detail).not.toContain('s3cret-value');
  return answer.failure;
}

describe('a kept connection that the server closed', () => {
  /** Answers the first request of a connection, and ends the connection without a word on the second. */
  const closingOnReuse = async (): Promise<{ port: number; requests: () => number }> => {
    let requests = 0;
    const port = await listening(
      createTcpServer((socket) => {
        let answered = false;
        let text = '';
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (!text.endsWith('{}')) return;
          text = '';
          requests += 1;
          if (answered) return void socket.destroy();
          answered = true;
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}');
        });
      }),
    );
    return { port, requests: () => requests };
  };
  const twice = async (retries: boolean) => {
    const { port, requests } = await closingOnReuse();
    const egress = createEgress(LOOPBACK);
    cleanups.push(() => egress.close());
    const ask = () =>
      egress.call({
        method: 'POST',
        url: `http://127.0.0.1:${port}/`,
        headers: {},
        body: '{}',
        timeoutMs: 3_000,
        maxResponseBytes: 1_000,
        ...(retries ? { retriesIdleClose: true as const } : {}),
      });
    const first = await ask();
    // The connection goes back to the pool after its answer was read.
    await new Promise((done) => setTimeout(done, 100));
    const second = await ask();
    const told = second.kind === 'failure' ? second.failure.detail : null;
    return { kinds: [first.kind, second.kind], requests: requests(), told };
  };

  it('is asked once more on a fresh one, where the caller allows it', async () => {
    expect(await twice(true)).toEqual({ kinds: ['answer', 'answer'], requests: 3, told: null });
  });

  it('is a failure for a call that may have changed something', async () => {
    const told = 'the server closed the connection without an answer';
    expect(await twice(false)).toEqual({ kinds: ['answer', 'failure'], requests: 2, told });
  });
});

it('asks no second time where a connection that was made for the call is closed', async () => {
  let requests = 0;
  const port = await listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        requests += 1;
        socket.destroy();
      });
    }),
  );
  const egress = createEgress(LOOPBACK);
  cleanups.push(() => egress.close());
  for (let call = 1; call <= 3; call += 1) {
    const answer = await egress.call({
      method: 'POST',
      url: `http://127.0.0.1:${port}/`,
      headers: {},
      body: '{}',
      timeoutMs: 3_000,
      maxResponseBytes: 1_000,
      retriesIdleClose: true,
    });
    expect([answer.kind, requests]).toEqual(['failure', call]);
  }
});

it('tells an answer that breaks off from none at all', async () => {
  const half = await listening(
    createTcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
    ),
  );
  expect((await failure(LOOPBACK, `http://127.0.0.1:${half}/`)).detail).toBe(
    'the server broke off in the middle of its answer',
  );
  const reset = await listening(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
  expect((await failure(LOOPBACK, `http://127.0.0.1:${reset}/`)).detail).toBe(
    'the server closed the connection without an answer',
  );
});

it('tells what speaks no HTTP', async () => {
  const port = await listening(
    createTcpServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))),
  );
  const { reason, detail } = await failure(LOOPBACK, `http://127.0.0.1:${port}/`);
  expect(reason).toBe('connect');
  expect(detail).toBe('what answers at this port does not speak HTTP');
});

describe('what certainly never left', () => {
  const unsent = async (...given: Parameters<typeof call>): Promise<boolean> => {
    const answer = await call(...given);
    if (answer.kind !== 'failure') throw new Error('answered');
    return answer.unsent === true;
  };

  it('is told only where no connection was made', async () => {
    const nobody = await listening(createTcpServer());
    for (const cleanup of cleanups.splice(-1)) await cleanup();
    expect(await unsent(LOOPBACK, `http://127.0.0.1:${nobody}/`)).toBe(true);
    expect(await unsent(CLOSED, 'http://127.0.0.1:1/')).toBe(true);
    expect(await unsent(LOOPBACK, 'http://nobody.invalid/')).toBe(true);
    expect(await unsent(LOOPBACK, 'ftp://127.0.0.1/')).toBe(true);
  });

  it('is not claimed of a reset, half an answer or a deadline', async () => {
    const reset = await listening(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await unsent(LOOPBACK, `http://127.0.0.1:${reset}/`)).toBe(false);
    const half = await listening(
      createTcpServer((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
      ),
    );
    expect(await unsent(LOOPBACK, `http://127.0.0.1:${half}/`)).toBe(false);
    const silent = await serving(() => undefined);
    expect(await unsent(LOOPBACK, `http://127.0.0.1:${silent}/`, { timeoutMs: 200 })).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    ['8.8.8.8', true],
    ['2606:4700:4700::1111', true],
    ['100.63.255.254', true],
    ['100.64.0.1', false],
    ['100.127.255.255', false],
    ['100.128.0.1', true],
    ['10.0.0.1', false],
    ['172.15.255.255', true],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', true],
    ['::127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['64:ff9b:1::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2001:0:1::1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['[::1]', false],
  ])('%s is public: %s', (address, allowed) => {
    expect(isAllowedAddress(address, [])).toBe(allowed);
  });

  it('admits a listed range and not its neighbours', () => {
    expect(isAllowedAddress('10.1.2.3', ['10.1.0.0/16'])).toBe(true);
    expect(isAllowedAddress('::ffff:10.1.2.3', ['10.1.0.0/16'])).toBe(true);
    expect(isAllowedAddress('10.2.0.0', ['10.1.0.0/16', 'fd00::/8'])).toBe(false);
  });

  it('refuses a range that is none, by name', () => {
    expect(() => createEgress({ ...CLOSED, allowCidrs: ['10.0.0.0/99'] })).toThrow(
      /egress\.allow_cidrs.*10\.0\.0\.0\/99/,
    );
  });
});

describe('listed host names', () => {
  const patterns = ['*.svc.cluster.local', 'Models.Example.org', '10.0.0.7'];
  it.each([
    ['fraud.models.svc.cluster.local', true],
    ['FRAUD.models.SVC.cluster.local', true],
    ['fraud.svc.cluster.local.', true],
    ['a.b.c.svc.cluster.local', true],
    ['models.example.org', true],
    ['10.0.0.7', true],
    ['svc.cluster.local', false],
    ['.svc.cluster.local', false],
    ['a..svc.cluster.local', false],
    ['evilsvc.cluster.local', false],
    ['fraud.evil-svc.cluster.local', false],
    ['fraud.svc.cluster.local.evil.org', false],
    ['fraud.svc.cluster.localhost', false],
    ['fraud.svc.cluster.loca', false],
    ['svc.cluster.local.fraud', false],
    ['a.models.example.org', false],
    ['*.svc.cluster.local.org', false],
    ['10.0.0.8', false],
    ['[::1]', false],
    ['', false],
    ['.', false],
  ])('%s is listed: %s', (host, listed) => {
    expect(hostMatcher(patterns)(host)).toBe(listed);
  });

  it('never takes an address for a name', () => {
    expect(hostMatcher(['*.0.0.1', '*.1'])('127.0.0.1')).toBe(false);
  });

  it('calls what a pattern names and nothing beside it', async () => {
    let heard = 0;
    const port = await serving((_, response) => {
      heard += 1;
      response.end('{}');
    });
    const wild = { ...CLOSED, allowHosts: ['*.localhost'] };
    expect((await failure(wild, `http://localhost:${port}/`)).reason).toBe('blocked');
    expect((await failure(wild, `http://127.0.0.1:${port}/`)).reason).toBe('blocked');
    expect(heard).toBe(0);
    // `*.localhost` is loopback by RFC 6761; where the resolver does not know it, the name fails to resolve, unblocked.
    const reached = await call(wild, `http://fraud.localhost:${port}/`);
    expect(reached.kind === 'answer' ? 'answer' : reached.failure.reason).not.toBe('blocked');
  });
});

describe('what is not called', () => {
  it('refuses every spelling of a loopback address, and the server never hears of it', async () => {
    let heard = 0;
    const port = await serving((_, response) => {
      heard += 1;
      response.end('{}');
    });
    for (const host of [
      '127.0.0.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '127.1',
      '[::ffff:127.0.0.1]',
      '[64:ff9b::7f00:1]',
      'localhost',
      'LOCALHOST',
    ])
      expect((await failure(CLOSED, `http://${host}:${port}/`)).reason, host).toBe('blocked');
    expect(heard).toBe(0);
  });

  it.each([
    ['file:///etc/passwd', /http and https/],
    ['ftp://example.com/', /http and https/],
    ['http://user:pw@example.com/', /user name or password/],
    ['not a url', /not a URL/],
  ])('refuses %s', async (url, reason) => {
    const refused = await failure(CLOSED, url);
    expect(refused.reason).toBe('blocked');
    expect(refused.detail).toMatch(reason);
    expect(refused.detail).not.toContain('pw');
  });

  it('refuses a port that is not listed', async () => {
    const refused = await failure({ ...LOOPBACK, allowPorts: [443] }, 'http://127.0.0.1:8080/');
    expect(refused).toMatchObject({ reason: 'blocked', detail: expect.stringContaining('8080') as string });
  });

  it('calls a listed host and a listed range', async () => {
    const port = await serving((_, response) => response.end('{"ok":true}'));
    expect(await call({ ...CLOSED, allowHosts: ['localhost'] }, `http://localhost:${port}/`)).toMatchObject({
      status: 200,
    });
    expect(await call(LOOPBACK, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: '{"ok":true}' });
  });

  it('does not follow a redirect', async () => {
    let calls = 0;
    const port = await serving((_, response) => {
      calls += 1;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    });
    expect(await call(LOOPBACK, `http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'answer', status: 302 });
    expect(calls).toBe(1);
  });
});

describe('failures', () => {
  it('tells a name that does not exist from a port where nobody listens', async () => {
    expect((await failure(CLOSED, 'http://nobody.invalid/')).reason).toBe('dns');
    const port = await serving((_, response) => response.end());
    await cleanups.pop()?.();
    expect(await failure(LOOPBACK, `http://127.0.0.1:${port}/`)).toMatchObject({
      reason: 'connect',
      detail: expect.stringContaining('refused') as string,
    });
  });

  it('gives up at the deadline: no answer, and a body that drips', async () => {
    const silent = await serving(() => undefined);
    const startedAt = performance.now();
    expect((await failure(LOOPBACK, `http://127.0.0.1:${silent}/`, { timeoutMs: 200.5 })).reason).toBe('timeout');
    const dripping = await serving((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect((await failure(LOOPBACK, `http://127.0.0.1:${dripping}/`, { timeoutMs: 300 })).reason).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('stops reading what is too large', async () => {
    const port = await serving((_, response) => response.end('x'.repeat(20_000)));
    expect((await failure(LOOPBACK, `http://127.0.0.1:${port}/`)).reason).toBe('too_large');
  });

  it('reads as much of a model’s answer as is configured', async () => {
    const port = await serving((_, response) => response.end('x'.repeat(2_000_000)));
    const url = `http://127.0.0.1:${port}/`;
    expect((await failure(LOOPBACK, url, { maxResponseBytes: null })).detail).toContain('1048576');
    const generous = { ...LOOPBACK, maximumResponseBytes: 2_000_000 };
    expect(await call(generous, url, { maxResponseBytes: null })).toMatchObject({ kind: 'answer' });
  });

  it('counts bytes after decompression', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const port = await serving((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect((await failure(LOOPBACK, `http://127.0.0.1:${port}/`, { maxResponseBytes: 1_048_576 })).reason).toBe(
      'too_large',
    );
  });

  it('reads compressed answers', async () => {
    for (const [coding, body] of [
      ['gzip', gzipSync('{"label":"ä"}')],
      ['br', brotliCompressSync('{"label":"ä"}')],
    ] as const) {
      const port = await serving((_, response) => response.writeHead(200, { 'content-encoding': coding }).end(body));
      expect(await call(LOOPBACK, `http://127.0.0.1:${port}/`)).toMatchObject({ body: '{"label":"ä"}' });
    }
  });

  it('survives a broken compressed stream', async () => {
    const whole = gzipSync('{"label":"positive"}'.repeat(50));
    const port = await serving((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(whole.subarray(0, 30)),
    );
    expect((await failure(LOOPBACK, `http://127.0.0.1:${port}/`)).reason).toBe('connect');
  });

  it('caps headers', async () => {
    const port = await serving((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end('{}'));
    expect((await failure(LOOPBACK, `http://127.0.0.1:${port}/`)).reason).toBe('too_large');
  });

  it('classifies a reset connection and TLS to a plain port', async () => {
    const resetting = await listening(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect((await failure(LOOPBACK, `http://127.0.0.1:${resetting}/`)).reason).toBe('connect');
    const plain = await serving((_, response) => response.end('{}'));
    expect((await failure(LOOPBACK, `https://127.0.0.1:${plain}/`)).reason).toBe('tls');
  });
});

it('ends the calls that are under way when it is closed, whatever they may take', async () => {
  const egress = createEgress(LOOPBACK);
  let isAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const port = await serving(() => isAsked());
  const url = `http://127.0.0.1:${port}/`;
  const answer = egress.call({ method: 'GET', url, headers: {}, body: null, timeoutMs: 300_000, maxResponseBytes: 1 });
  await asked;
  await egress.close();
  expect((await answer).kind).toBe('failure');
});
