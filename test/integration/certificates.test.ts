import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificateFor, type Certificate } from './servers/certificates.js';
import { runService, type RunningService } from './running-service.js';

const DAY = 86_400_000;
const NOW = Date.now();
let directory: string;
let server: Server;
let url: string;
let ending: Certificate;
let ended: Certificate;
let running: RunningService;

interface Shown {
  readonly state: string;
  readonly severity: string;
  readonly cause: string | null;
  readonly headline: string | null;
  readonly incident_id: string | null;
}
const shown = async (): Promise<Shown> => (await running.request('GET', '/api/v1/models/secured')).body as Shown;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-certificates-'));
  ending = certificateFor(directory, 'ending', NOW - 360 * DAY, NOW + 5 * DAY + 3_600_000);
  ended = certificateFor(directory, 'ended', NOW - 360 * DAY, NOW - DAY);
  const trusted = join(directory, 'trusted.pem');
  writeFileSync(trusted, Buffer.concat([ending.cert, ended.cert]));
  server = createServer({ key: ending.key, cert: ending.cert }, (request, response) => {
    let sum = 0;
    request.on('data', (chunk: Buffer) => chunk.forEach((byte) => (sum += byte)));
    request.on('end', () => {
      response.end(JSON.stringify({ label: sum % 2 === 0 ? 'a' : 'b', confidence: 0.8 + (sum % 16) / 100 }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  running = await runService({ models: [{ id: 'secured', url, tls: { ca_file: trusted } }] });
}, 60_000);
afterAll(async () => {
  await running.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

it('a certificate that ends in five days is told while everything still answers, as a metric too', async () => {
  await expect.poll(shown, { timeout: 30_000, interval: 500 }).toMatchObject({
    cause: 'certificate-expiring',
    severity: 'medium',
    state: 'degraded',
    headline: expect.stringContaining('ends in 5 days') as string,
  });
  const metrics = await running.request('GET', '/metrics/models');
  const value = /^mlfi_model_certificate_expiry_timestamp_seconds\{[^}]*\} (\S+)$/m.exec(String(metrics.body))?.[1];
  expect(Math.abs(Number(value) * 1_000 - (NOW + 5 * DAY + 3_600_000))).toBeLessThan(1_001);
  const { incident_id: id } = await shown();
  const proposals = await running.request('GET', `/api/v1/recommendations?incident=${id ?? ''}`);
  const incident = JSON.stringify(proposals.body);
  expect(incident).toContain('Renew the certificate of the server before it ends');
  expect(incident).not.toMatch(/restart-endpoint|"rollback"/);
}, 40_000);

it('one that has ended is the cause of the failing calls, with the words for it', async () => {
  server.setSecureContext({ key: ended.key, cert: ended.cert });
  server.closeAllConnections();
  await expect.poll(shown, { timeout: 60_000, interval: 500 }).toMatchObject({
    cause: 'certificate-invalid',
    severity: 'critical',
    state: 'unreachable',
    headline: expect.stringContaining('the certificate of the server has expired') as string,
  });
}, 70_000);
