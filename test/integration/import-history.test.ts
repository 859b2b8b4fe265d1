import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, runService, type RunningService } from './running-service.js';

const HOUR_MS = 3_600_000;
const ROWS = 2_400;
/** Ten days. */
const ROW_MS = (240 * HOUR_MS) / ROWS;
/** The last two of them. */
const BROKEN_FROM = (ROWS * 8) / 10;

const outcomeSchema = z.object({
  baseline_version: z.number().nullable(),
  incidents: z.array(
    z.object({
      since_ms: z.number().nullable(),
      opened_at_ms: z.number(),
      closed_at_ms: z.number().nullable(),
      headline: z.string(),
    }),
  ),
});

let running: RunningService;
let nowMs: number;
beforeAll(async () => {
  running = await runService({ baseline: { minimum_samples: 500 } });
  nowMs = Date.now();
});
afterAll(() => running.close());

/** A number in [0, 1) that looks random and is the same at every run. */
const drawn = (i: number, salt: number): number => {
  const x = Math.sin(i * 12.9898 + salt * 78.233) * 43_758.5453;
  return x - Math.floor(x);
};

/** Rows of a model that decides by income, which is sent in cents from the fault on. */
const row = (i: number, isBroken: boolean): string => {
  const income = 1_000 + 4_000 * drawn(i, 1);
  const sent = isBroken ? income * 100 : income;
  const age = 20 + Math.floor(50 * drawn(i, 2));
  return `${sent.toFixed(0)},${age},${sent > 3_000 ? 'yes' : 'no'},${(0.5 + 0.5 * drawn(i, 3)).toFixed(3)}`;
};

async function history(model: string, rowsPerBatch: number): Promise<z.output<typeof outcomeSchema>> {
  expect((await running.request('POST', '/api/v1/models', { id: model })).status).toBe(201);
  const fromMs = nowMs - ROWS * ROW_MS;
  for (let at = 0; at < ROWS; at += rowsPerBatch) {
    const lines = Array.from({ length: Math.min(rowsPerBatch, ROWS - at) }, (_, k) => {
      const i = at + k;
      return `${new Date(fromMs + i * ROW_MS).toISOString()},${row(i, i >= BROKEN_FROM)}`;
    });
    const sent = await fetch(
      `${running.service.address}/api/v1/models/${model}/imports/rows?as=history&batch_id=${at}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${running.key}`, 'content-type': 'text/csv' },
        body: `timestamp,income,age,prediction,confidence\n${lines.join('\n')}\n`,
      },
    );
    expect(sent.status, await sent.clone().text()).toBe(200);
  }
  const { status, body } = await running.request('POST', `/api/v1/models/${model}/imports/finish`);
  expect(status).toBe(200);
  return outcomeSchema.parse(body);
}

it('tells the story of a history by the time of its rows, however they are sent, and begins to watch after it', async () => {
  const bits = await history('whole', 311);
  expect((await running.request('DELETE', '/api/v1/models/whole')).status).toBeLessThan(300);
  // The incidents of the model before it stay, so what is told now comes beside what was told then.
  const whole = await history('whole', 2_400);
  const told = ({ opened_at_ms, since_ms, headline }: (typeof whole.incidents)[number]): string =>
    JSON.stringify({ opened_at_ms, since_ms, headline });
  expect(bits.incidents).not.toEqual([]);
  expect(whole.incidents.map(told)).toEqual(bits.incidents.map(told).flatMap((each) => [each, each]));
  // The fault is told while it lasts, within an hour, and is not over at the end of the history.
  const brokenMs = nowMs - (ROWS - BROKEN_FROM) * ROW_MS;
  const last = bits.incidents.at(-1);
  expect(last).toMatchObject({ closed_at_ms: null });
  expect((last?.opened_at_ms ?? 0) - brokenMs).toBeLessThan(3 * HOUR_MS);

  // Watched live from now on: what the history ended in is no incident of now, for no live row shows it.
  await eventually('an evaluation', 10_000, async () => {
    const { body } = await running.request('GET', '/api/v1/models/whole');
    const { evaluated_at_ms: atMs } = z.object({ evaluated_at_ms: z.number().nullable() }).parse(body);
    return atMs !== null && atMs >= nowMs ? body : null;
  });
  const { body } = await running.request('GET', '/api/v1/incidents?model=whole');
  const { incidents } = z.object({ incidents: z.array(z.object({ closed_at_ms: z.number().nullable() })) }).parse(body);
  expect(incidents).toHaveLength(whole.incidents.length);
  expect(incidents.every(({ closed_at_ms: closedMs }) => closedMs !== null)).toBe(true);
});
