import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

/** Around the 500 rows of one statement, and far beyond. */
const SIZES = [1, 499, 500, 501, 5_000, 50_000] as const;
const SMALL_BATCHES = 120;
const binaries = postgresBinaries();
let postgres: Postgres | null = null;
beforeAll(async () => {
  if (binaries !== null) postgres = await startPostgres(binaries);
});
afterAll(() => postgres?.stop());

interface Taken {
  readonly accepted: number;
  readonly rejected: number;
  readonly labels_matched: number;
  readonly labels_unmatched: number;
}

describe.each(['SQLite', 'PostgreSQL'] as const)('batches of any size on %s', (name) => {
  const usable = name === 'SQLite' || binaries !== null;
  let running: RunningService;
  beforeAll(async () => {
    if (!usable) return;
    const database = name === 'SQLite' ? {} : { database: { url: postgres?.freshDatabase() ?? '' } };
    // Nothing is admitted: these rows are counted, not evaluated.
    running = await runService({
      ...database,
      baseline: { minimum_samples: 1_000_000 },
      http: { maximum_body: '64MiB' },
    });
  }, 60_000);
  afterAll(async () => {
    if (usable) await running.close();
  });

  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const predictions = (count: number, id: string, more = ''): string =>
    lines(
      count,
      (i) => `{"prediction_id":"${id}-${i}","features":{"x":${i % 17}},"prediction":"a","confidence":0.9${more}}`,
    );
  const labels = (count: number, id: string): string =>
    lines(count, (i) => `{"prediction_id":"${id}-${i}","label":"a"}`);
  const make = (model: string): Promise<unknown> =>
    running.request('POST', '/monitoring/prediction', { model_id: model, prediction: 'a' });
  const send = async (model: string, text: string): Promise<Taken> => {
    const response = await fetch(`${running.service.address}/api/v1/models/${model}/observations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/x-ndjson' },
      body: text,
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Taken;
  };
  const total = async (model: string): Promise<number> =>
    ((await running.request('GET', `/api/v1/models/${model}`)).body as { total_samples: number }).total_samples;

  it.skipIf(!usable).each(SIZES)(
    '%i rows with ids, then as many labels, then both at once',
    { timeout: 120_000 },
    async (count) => {
      const model = `sized-${count}`;
      await make(model);
      expect(await send(model, predictions(count, 'p'))).toMatchObject({ accepted: count, rejected: 0 });
      expect(await send(model, labels(count, 'p'))).toMatchObject({
        accepted: count,
        labels_matched: count,
        labels_unmatched: 0,
      });
      expect(await send(model, labels(count, 'p'))).toMatchObject({ labels_matched: 0, labels_unmatched: count });
      expect(await send(model, predictions(count, 'q', ',"label":"b"'))).toMatchObject({ accepted: count });
      const both = `${predictions(count, 'r')}\n${labels(count, 'r')}`;
      expect(await send(model, both)).toMatchObject({ accepted: 2 * count, labels_matched: count });
      expect(await total(model)).toBe(1 + 3 * count);
    },
  );

  it.skipIf(!usable)(
    'many small batches within one commit, of one model and of many',
    { timeout: 60_000 },
    async () => {
      const models = ['many-a', 'many-b', 'many-c'];
      await Promise.all(models.map(make));
      const each = Array.from({ length: SMALL_BATCHES }, (_, i) => i);
      await Promise.all(models.flatMap((model) => each.map((i) => send(model, predictions(5, `s${i}`)))));
      const taken = await Promise.all(models.flatMap((model) => each.map((i) => send(model, labels(5, `s${i}`)))));
      expect(taken.reduce((sum, { labels_matched: matched }) => sum + matched, 0)).toBe(
        models.length * SMALL_BATCHES * 5,
      );
      for (const model of models) expect(await total(model)).toBe(1 + SMALL_BATCHES * 5);
    },
  );
});
