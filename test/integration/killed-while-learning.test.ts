import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { killableService, type KillableService } from './killable-service.js';
import { eventually } from './running-service.js';

const STEP_MS = 4_000;
/** From this row on the input is another: a baseline that holds such rows has taken a fault for normal. */
const FAULT_FROM = 450;
const ROWS = 900;

const detail = z.object({
  state: z.string(),
  total_samples: z.number(),
  baseline: z.object({ state: z.string(), samples: z.number().nullable(), missing: z.array(z.string()) }),
  evidence: z.object({ verdict: z.string() }),
});
type Detail = z.output<typeof detail>;

let service: KillableService;
beforeAll(async () => {
  service = await killableService();
});
afterAll(() => service.remove());

/** Rows of the last hour that have not come yet, from `from` on; @param isFaulty whether a row is of the fault */
function rowsOf(from: number, count: number, isFaulty: (row: number) => boolean): readonly object[] {
  const random = seededRandom(`rows ${from}`);
  const firstMs = Date.now() - STEP_MS * (ROWS + 25);
  return Array.from({ length: count }, (_, i) => ({
    timestamp: new Date(firstMs + STEP_MS * i).toISOString(),
    features: { age: 30 + 20 * random.next() + (isFaulty(i) ? 50 : 0) },
    prediction: random.next() < 0.5 ? 'yes' : 'no',
    confidence: 0.6 + 0.3 * random.next(),
  }));
}

const send = (id: string, rows: readonly object[]): Promise<unknown> =>
  service.call('POST', `/api/v1/models/${id}/observations`, rows);
const seen = async (id: string): Promise<Detail> => detail.parse(await service.call('GET', `/api/v1/models/${id}`));
const until = (what: string, id: string, isSo: (seen: Detail) => boolean): Promise<Detail> =>
  eventually(what, 90_000, async () => {
    const now = await seen(id);
    return isSo(now) ? now : null;
  });

it('takes no fault for normal that was never looked at, whatever ends the process', async () => {
  const faulty = rowsOf(0, ROWS, (row) => row >= FAULT_FROM);
  for (const id of ['in-peace', 'stopped', 'killed']) await service.call('POST', '/api/v1/models', { id });
  await send('in-peace', faulty);
  const peace = await until('an alarm', 'in-peace', ({ evidence }) => evidence.verdict === 'alarm');
  expect(peace.baseline.state).toBe('ready');
  expect(peace.baseline.samples).toBeLessThan(FAULT_FROM);

  await send('stopped', faulty);
  await service.end('SIGTERM');
  await service.start();
  const stopped = await until('an alarm', 'stopped', ({ evidence }) => evidence.verdict === 'alarm');
  expect(stopped.baseline.samples).toBe(peace.baseline.samples);

  await send('killed', faulty);
  await service.end('SIGKILL');
  await service.start();
  const killed = await seen('killed');
  expect(killed).toMatchObject({ state: 'learning', total_samples: ROWS });
  expect(killed.baseline).toMatchObject({
    state: 'learning',
    samples: 0,
    missing: [
      '200 more answered samples (900 rows do not count: mlfi was ended, or read the model anew, before it had judged them)',
    ],
  });

  // What comes then is learnt from, with none of those: the fault is found when it comes again.
  await send('killed', faulty);
  const again = await until('an alarm', 'killed', ({ evidence }) => evidence.verdict === 'alarm');
  expect(again.baseline.samples).toBeLessThan(FAULT_FROM);
  expect(again.total_samples).toBe(2 * ROWS);
  await service.end('SIGKILL');
  await service.start();
  expect((await seen('killed')).baseline).toEqual(again.baseline);
}, 300_000);
