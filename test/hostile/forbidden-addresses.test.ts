import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure } from './figures.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
/** Spellings of this machine, of its networks and of cloud metadata services. `%` stands for the port of the canary. */
const FORMS = [
  ...['127.0.0.1', '127.1', '127.0.1', '127.127.127.127', '127.0.0.1.', '0.0.0.0', '0', '0x0', '00000000'],
  ...['2130706433', '0x7f000001', '0x7F.0.0.1', '0x7f.1', '0177.0.0.1', '0177.1', '017700000001', '127.0x0.0.01'],
  ...['%31%32%37.0.0.1', '127.0.0.%31', '１２７.０.０.１', '①②⑦.0.0.1', '127。0。0。1', '127．0．0．1', 'ⓛocalhost'],
  ...['localhost', 'LOCALHOST', 'LocalHost.', 'localhost.localdomain', 'ip6-localhost', 'a.localhost'],
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:0:127.0.0.1]',
  ],
  ...[
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
  ],
  ...['[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]'],
  ...['169.254.169.254', '0xa9fea9fe', '2852039166', '169.254.43518', '0251.0376.0251.0376', '169.254.170.2'],
  ...['10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.0.1', '100.64.0.1', '100.100.100.200', '198.18.0.1'],
  ...['192.0.0.192', '192.0.2.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
];
const REBINDING = ['mixed.rebind.test', 'inside.rebind.test', 'INSIDE.rebind.test.'];
const ROUTES: readonly (readonly [method: string, path: string, body: (url: string, i: number) => object])[] = [
  ['POST', '/api/v1/models', (url, i) => ({ id: `ssrf-${i}`, url })],
  ['POST', '/api/v1/discover', (url) => ({ url })],
  ['POST', '/monitoring/analyze', (url) => ({ prediction_url: url })],
  ['POST', '/api/v1/models/fetched/imports/preview', (url) => ({ files: [{ url }], as: 'history' })],
];

let directory: string;
let service: ServiceProcess;
let canary: Server;
let port: number;
let heard: string[] = [];
beforeAll(async () => {
  canary = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end('{"prediction":"the-canary-sang","confidence":1}');
  });
  // On every address of this machine, IPv6 included, and by the first byte of any protocol.
  const listener = createTcpServer((socket) => {
    heard.push('connected');
    canary.emit('connection', socket);
  });
  await new Promise<void>((done) => listener.listen(0, '::', done)).catch(() => undefined);
  port = (listener.address() as AddressInfo).port;
  canary.once('close', () => listener.close());
  directory = mkdtempSync(join(tmpdir(), 'mlfi-ssrf-'));
  service = startServiceProcess(
    directory,
    await freePort(),
    {
      egress: { allow_cidrs: [], allow_hosts: ['*.svc.cluster.local'] },
      api_keys: [{ name: 'hostile', scopes: ['read', 'ingest', 'operate'], key: KEY }],
      investigation: { timeout: '1s' },
      probing: { timeout: '1s' },
    },
    ['--import', join(import.meta.dirname, 'hostile-dns.mjs')],
  );
  await service.ready();
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  canary.emit('close');
  rmSync(directory, { recursive: true, force: true });
});

async function call(method: string, path: string, body: object): Promise<{ status: number; text: string }> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

describe('addresses that may not be called', () => {
  it('are heard of by nobody, however they are spelled, on every route that takes a URL', async () => {
    let asked = 0;
    for (const [method, path, body] of ROUTES)
      for (const [i, host] of [...FORMS, ...REBINDING].entries()) {
        const { status, text } = await call(method, path, body(`http://${host}:${port}/predict`, i));
        asked += 1;
        expect([path, host, status < 500, text.includes('the-canary-sang')]).toEqual([path, host, true, false]);
        // Looking at a URL answers 200 with what was found out; that it was not called is among it.
        if (status < 300)
          expect([host, text]).toEqual([host, expect.stringMatching(/may not call|cannot be resolved/)]);
        expect([path, host, heard]).toEqual([path, host, []]);
      }
    figure(
      `${FORMS.length + REBINDING.length} spellings × ${ROUTES.length} routes: ${asked} asked, ${heard.length} connections`,
    );
    expect(FORMS.length).toBeGreaterThanOrEqual(63);
  }, 300_000);

  it('are not reached by a name that resolves to a public address first and to this machine after it was looked at', async () => {
    for (const [i, [method, path, body]] of ROUTES.entries())
      await call(method, path, body(`http://turning-${i}.rebind.test:${port}/predict`, 900 + i));
    expect(service.said()).toContain('turning-0.rebind.test is 93.184.216.34');
    expect(heard).toEqual([]);
  }, 120_000);

  it('would have been heard: the same canary answers where it is allowed', async () => {
    await fetch(`http://127.0.0.1:${port}/`);
    expect(heard).toEqual(['connected', 'GET /']);
    heard = [];
  });
});
