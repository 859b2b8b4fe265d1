import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, runService, TOKENS, type RunningService } from '../integration/running-service.js';

/** Every limit of the intake, far below its default: what is configured is what holds. */
const LIMITS = {
  rows_per_batch: 400,
  features_per_event: 9,
  feature_name_length: 20,
  nesting_depth: 3,
  array_length: 10,
  categories_per_feature: 3,
  features_per_model: 5,
};

let running: RunningService;
beforeAll(async () => {
  running = await runService({ intake: { limits: LIMITS }, http: { maximum_body: '64KiB' } });
  for (const id of ['wide', 'shapes'])
    expect((await running.request('POST', '/api/v1/models', { id })).status).toBe(201);
});
afterAll(() => running.close());

const answered = z.object({
  accepted: z.number(),
  rejected: z.number(),
  errors: z.array(z.object({ reason: z.string(), message: z.string() })),
  notes: z.array(z.object({ reason: z.string(), message: z.string() })),
});
async function send(model: string, rows: readonly object[]): Promise<z.output<typeof answered>> {
  const { status, body } = await running.request('POST', `/api/v1/models/${model}/observations`, rows);
  expect([status, body]).toEqual([200, expect.anything()]);
  return answered.parse(body);
}
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
const row = (features: object): object => ({ prediction: 'yes', features });

describe('limits of what a sender may bring, as they are configured', () => {
  it.each([
    ['deeper nesting', row({ a: nested(6) }), 'nesting_depth'],
    ['a longer list', row({ a: Array.from({ length: 11 }, () => 1) }), 'array_length'],
  ])('refuse a row with %s, and name the limit', async (_what, bad, limit) => {
    const { accepted, rejected, errors } = await send('shapes', [row({ a: 1 }), bad]);
    expect([accepted, rejected]).toEqual([1, 1]);
    expect(errors[0]?.message).toContain(limit);
  });

  it('leave out features of a row beyond as many, shorten names, and tell both', async () => {
    const wide = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`a name that is long ${i}`, i]));
    const { accepted, notes } = await send('shapes', [row(wide)]);
    expect(accepted).toBe(1);
    expect(notes.map(({ reason }) => reason).sort()).toEqual(['features_cut', 'name_changed']);
    expect(notes.find(({ reason }) => reason === 'features_cut')?.message).toContain('9 features');
  });

  it('refuse a batch of more rows, or of more bytes, as a whole', async () => {
    const post = async (rows: readonly object[]): Promise<{ status: number; text: string }> => {
      const { status, body } = await running.request('POST', '/api/v1/models/shapes/observations', rows);
      return { status, text: JSON.stringify(body) };
    };
    const many = await post(Array.from({ length: 401 }, () => ({ prediction: 1 })));
    expect(many.status).toBe(400);
    expect(many.text).toContain('rows_per_batch');
    const large = await post([row({ text: 'x'.repeat(70_000) })]);
    expect(large.status).toBe(413);
    expect(large.text).toContain('maximum_body');
  });

  it('tell as a blind spot and by a metric which features of a model are in no count', async () => {
    const features = (i: number): object =>
      Object.fromEntries(Array.from({ length: 8 }, (_value, k) => [`f${k}`, i % 7]));
    const rows = Array.from({ length: 200 }, (_, i) => ({
      timestamp: Date.now() - 600_000 + i * 300,
      ...row(features(i)),
    }));
    await send('wide', rows);
    const spots = z.object({ blind_spots: z.array(z.object({ check: z.string(), reason: z.string() })) });
    let sent = 0;
    const told = await eventually('the blind spot', 150_000, async () => {
      // Rows are counted once it is known who sends, after a minute, and their sender has gone on in time.
      await sleep(1_000);
      sent += 1;
      await send('wide', [{ timestamp: Date.now() - 500_000 + sent * 1_000, ...row(features(sent)) }]);
      const { body } = await running.request('GET', '/api/v1/models/wide', undefined, TOKENS.ada);
      return spots.parse(body).blind_spots.find(({ reason }) => reason.includes('features_per_model')) ?? null;
    });
    expect(told).toEqual({
      check: 'all of `f5` and 2 more',
      reason:
        'of one model the first 5 features are watched (intake.limits.features_per_model); these came after them, and are in no count',
    });
    const metrics = String((await running.request('GET', '/metrics/models')).body);
    expect(Number(/^mlfi_blind_spots\{[^}]*model_name="wide"[^}]*\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  }, 240_000);
});
