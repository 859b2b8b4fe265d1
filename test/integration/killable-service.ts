import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
/** Evaluated each second, and without a season to wait for. */
const SETTINGS = {
  api_keys: [{ name: 'sender', scopes: ['read', 'ingest', 'operate'], key: KEY }],
  paging: { season: 'none' },
  windows: { evaluate_every: '1s' },
  logging: { level: 'warn' },
};

/** A mlfi that is ended and started again on its store, as often as a test likes. */
export interface KillableService {
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** What it answers; a refusal fails the test. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Ends it and removes its store. */
  remove(): Promise<void>;
}

/** One that runs. */
export async function killableService(): Promise<KillableService> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-killed-'));
  const port = await freePort();
  let service: ServiceProcess;
  const start = async (): Promise<void> => {
    service = startServiceProcess(directory, port, SETTINGS);
    await service.ready();
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    service.child.kill(signal);
    await service.exited;
  };
  await start();
  return {
    start,
    end,
    async call(method, path, body) {
      const response = await fetch(`${service.address}${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json();
      expect(response.status, JSON.stringify(answer)).toBeLessThan(300);
      return answer;
    },
    async remove() {
      await end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
