import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { freePort } from './servers/free-port.js';
import type { Sent } from './servers/kafka.js';

const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;

/** One mlfi that reads topics, started and killed as a test likes. */
export async function watching(sources: readonly object[], models: readonly string[], more: object = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-kafka-'));
  const port = await freePort();
  const settings = {
    models: models.map((id) => ({ id })),
    api_keys: [{ name: 'reader', scopes: ['read'], key: KEY }],
    sources: { kafka: sources },
    ...more,
  };
  let service: ServiceProcess | null = null;
  const ask = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  return {
    async start() {
      service = startServiceProcess(directory, port, settings, [], true);
      await service.ready();
      return service;
    },
    async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') {
      service?.child.kill(signal);
      await service?.exited;
    },
    async remove() {
      await this.end();
      rmSync(directory, { recursive: true, force: true });
    },
    said: () => service?.said() ?? '',
    async total(model: string) {
      const answer = await ask(`/api/v1/models/${model}`);
      return answer.ok ? z.object({ total_samples: z.number() }).parse(await answer.json()).total_samples : 0;
    },
    async status(model: string) {
      return (await ask(`/api/v1/models/${model}`)).text();
    },
    /** The sum of a metric's samples whose labels hold this. */
    async metric(name: string, labels = '') {
      const lines = (await (await ask('/metrics')).text()).split('\n');
      return lines
        .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}

export const row = (i: number): string =>
  JSON.stringify({ prediction_id: `p${i}`, features: { age: i % 90 }, prediction: i % 3 ? 'no' : 'yes' });
export const rows = (from: number, count: number, partitions: number): Sent[] =>
  Array.from({ length: count }, (_, i) => ({ partition: (from + i) % partitions, value: row(from + i) }));
