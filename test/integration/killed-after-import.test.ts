import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { killableService, type KillableService } from './killable-service.js';
import { eventually } from './running-service.js';

const STEP_MS = 2_000;
const ROWS = 600;
const FIRST_MS = Date.now() - STEP_MS * (ROWS + 50);
const detail = z.object({
  incident_id: z.string().nullable(),
  total_samples: z.number(),
  evidence: z.object({ verdict: z.string(), confirmed: z.array(z.string()) }),
});

type Row = Readonly<Record<string, unknown>>;
/** What is wrong with every live row, and the signal that it shows in. */
const FAULTS: Readonly<Record<string, { readonly change: (row: Row) => Row; readonly signal: string }>> = {
  missing: { change: (row) => ({ ...row, income: null }), signal: 'feature:income' },
  unseen: { change: (row) => ({ ...row, country: 'XX' }), signal: 'feature:country' },
  hundredfold: { change: (row) => ({ ...row, income: 100 * Number(row['income']) }), signal: 'feature:income' },
};

let service: KillableService;
beforeAll(async () => {
  service = await killableService();
});
afterAll(() => service.remove());

function rowsOf(seed: string, count: number, change: (row: Row) => Row = (row) => row): readonly Row[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const country = random.next() < 0.5 ? 'DE' : 'FR';
    const features = change({ income: 20_000 + 30_000 * random.next() * random.next(), country });
    return { features, prediction: random.next() < 0.3 ? 'yes' : 'no' };
  });
}

async function given(id: string): Promise<void> {
  await service.call('POST', '/api/v1/models', { id });
  const set = `/api/v1/models/${id}/imports`;
  await service.call('POST', `${set}/rows?as=baseline&batch_id=set`, rowsOf(`${id} set`, 1_000));
  await service.call('POST', `${set}/finish`);
}

const sendAll = (rows: readonly Row[], id: string, fromMs: number | null): Promise<unknown> =>
  service.call(
    'POST',
    `/api/v1/models/${id}/observations`,
    fromMs === null
      ? rows
      : rows.map((row, i) => ({ ...row, timestamp: new Date(fromMs + i * STEP_MS).toISOString() })),
  );

const opened = async (id: string): Promise<z.output<typeof detail>> =>
  eventually(`an incident of ${id}`, 60_000, async () => {
    const seen = detail.parse(await service.call('GET', `/api/v1/models/${id}`));
    return seen.incident_id === null ? null : seen;
  });

it('finds rows that are wrong from the first after an import, killed before it has seen how fast they come', async () => {
  const all = Object.entries(FAULTS);
  for (const [name] of [...all, ['healthy']] as const) await given(`k-${name}`);
  for (const [name, { change }] of all) await sendAll(rowsOf(`${name} live`, ROWS, change), `k-${name}`, FIRST_MS);
  await sendAll(rowsOf('healthy live', ROWS), 'k-healthy', FIRST_MS);
  await service.end('SIGKILL');
  await service.start();
  for (const [name, { signal }] of all) {
    const { evidence, total_samples } = await opened(`k-${name}`);
    expect([total_samples, evidence.confirmed], name).toEqual([ROWS, expect.arrayContaining([signal])]);
  }
  const healthy = detail.parse(await service.call('GET', '/api/v1/models/k-healthy'));
  expect([healthy.incident_id, healthy.evidence.verdict]).toEqual([null, 'quiet']);
}, 200_000);

it('judges rows without times that come all at once after an import', async () => {
  await given('b-missing');
  await given('b-healthy');
  await sendAll(rowsOf('b', 200, FAULTS['missing']?.change), 'b-missing', null);
  await sendAll(rowsOf('h', 200), 'b-healthy', null);
  expect((await opened('b-missing')).evidence.confirmed).toContain('feature:income');
  expect(detail.parse(await service.call('GET', '/api/v1/models/b-healthy')).incident_id).toBeNull();
}, 100_000);
