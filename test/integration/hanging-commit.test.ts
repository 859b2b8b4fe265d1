import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, runService, type RunningService } from './running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

/** What writes of a model wait for: a commit until `released` has a row, or a statement for seconds. */
const WAITING = `
  create table released (at timestamptz);
  create table hurried (at timestamptz);
  create function hangs() returns trigger language plpgsql as $$
  begin
    while new.model = 'hanging' and not exists (select 1 from released) loop perform pg_sleep(0.1); end loop;
    return new;
  end $$;
  create function slow() returns trigger language plpgsql as $$
  begin
    if new.model = 'slow' and not exists (select 1 from hurried) then perform pg_sleep(2.5); end if;
    return new;
  end $$;`;
const HANGS = `create constraint trigger hangs after insert or update on call_counters deferrable initially deferred
  for each row execute function hangs()`;
const SLOW = `create trigger slow before insert or update on call_counters for each row execute function slow()`;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly seconds: number;
  readonly body: unknown;
}

describe.skipIf(postgresBinaries() === null)('models whose writes hang, or are slow', () => {
  let postgres: Postgres;
  let running: RunningService;
  let database: pg.Client;
  const sent = new Map<string, number>();

  beforeAll(async () => {
    postgres = await startPostgres(postgresBinaries() ?? '');
    const url = postgres.freshDatabase();
    // Models that are evaluated would be written in the very commit that hangs.
    const windows = { length: '5s', evaluate_every: '1h' };
    running = await runService({ database: { url, pool_size: 3 }, windows, logging: { level: 'silent' } });
    database = new pg.Client(url);
    await database.connect();
    await database.query(WAITING);
    for (const id of ['hanging', 'slow', 'free', 'other']) {
      await running.request('POST', '/api/v1/models', { id });
      expect((await send(id, 'first')).status).toBe(200);
    }
  }, 120_000);
  afterAll(async () => {
    await database.end();
    await running.close().finally(() => postgres.stop());
  });

  /** Ten rows under a batch id. */
  const send = async (model: string, batch: string): Promise<Answer> => {
    const begunMs = performance.now();
    const rows = Array.from({ length: 10 }, (_, i) => ({
      prediction_id: `${batch}-${i}`,
      prediction: 'yes',
      confidence: 0.5,
    }));
    const response = await fetch(`${running.service.address}/api/v1/models/${model}/observations?batch_id=${batch}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(rows),
    });
    const body = (await response.json()) as { duplicate?: boolean };
    if (response.status === 200 && body.duplicate === false) sent.set(model, (sent.get(model) ?? 0) + 10);
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      seconds: (performance.now() - begunMs) / 1_000,
      body,
    };
  };
  const unwritten = async (): Promise<readonly string[]> => {
    const page = String((await running.request('GET', '/metrics/models')).body);
    return [...page.matchAll(/^mlfi_model_unwritten\{.*model_name="([^"]+)".*\} 1$/gm)]
      .map(([, id]) => id ?? '')
      .sort();
  };
  const totals = async (ids: readonly string[]): Promise<unknown> => {
    const { body } = await running.request('GET', '/api/v1/models');
    const { models } = body as { models: { id: string; total_samples: number }[] };
    return Object.fromEntries(models.filter(({ id }) => ids.includes(id)).map((m) => [m.id, m.total_samples]));
  };
  const ledgerOf = async (model: string): Promise<number> => {
    const found = await database.query<{ n: string }>('select count(*) as n from ledger where model = $1', [model]);
    return Number(found.rows[0]?.n);
  };
  /** Server processes in the middle of a commit. */
  const committing = async (): Promise<number | null> => {
    const found = await database.query<{ pid: number }>(
      "select pid from pg_stat_activity where query ilike 'commit%' and state = 'active' and pid <> pg_backend_pid()",
    );
    return found.rows[0]?.pid ?? null;
  };

  it.each(['stands still', 'ended'] as const)(
    'refuses one of whose commit nobody knows what has become (its server process %s), and no other, until it is known',
    async (fate) => {
      await database.query('delete from released');
      await database.query(HANGS);
      const batch = `a-${fate.replace(' ', '-')}`;
      const first = send('hanging', batch);
      const pid = await eventually('the commit', 5_000, committing);
      if (fate === 'stands still') process.kill(pid, 'SIGSTOP');
      const free = await send('free', `b-${pid}`);
      expect([free.status, free.seconds < 11]).toEqual([200, true]);
      const next = await send('hanging', `c-${pid}`);
      expect([next.status, next.retryAfter !== null, next.seconds < 11]).toEqual([503, true, true]);
      expect(next.body).toMatchObject({ error: { message: expect.stringContaining('does not say yet') as string } });
      expect(await unwritten()).toEqual(['hanging']);
      // The store takes what others have.
      expect((await running.request('GET', '/-/ready')).status).toBe(200);
      expect((await send('free', `d-${pid}`)).seconds).toBeLessThan(2);
      if (fate === 'ended') await database.query('select pg_terminate_backend($1)', [pid]);
      await database.query('insert into released values (now())');
      if (fate === 'stands still') process.kill(pid, 'SIGCONT');
      const { status } = await first;
      expect(status).toBe(fate === 'ended' ? 503 : 200);
      await eventually('nothing is unwritten', 5_000, async () => ((await unwritten()).length === 0 ? true : null));
      // A connection that was lost may have been all of them: that is looked at first.
      await eventually('readiness', 5_000, async () =>
        (await running.request('GET', '/-/ready')).status === 200 ? true : null,
      );
      const again = await send('hanging', batch);
      expect(again).toMatchObject({ status: 200, body: { duplicate: fate !== 'ended' } });
      expect((await send('hanging', `c-${pid}`)).status).toBe(200);
      for (const id of ['hanging', 'free']) {
        expect(await totals([id])).toEqual({ [id]: sent.get(id) });
        expect(await ledgerOf(id)).toBe(sent.get(id));
      }
      await database.query('drop trigger hangs on call_counters');
    },
    40_000,
  );

  it('has the others wait once for one whose statement is slow', async () => {
    await database.query(SLOW);
    const rounds = async (model: string, count: number): Promise<number> => {
      let slowest = 0;
      for (let i = 0; i < count; i += 1) {
        const { status, seconds } = await send(model, `s-${i}`);
        expect([model, status]).toEqual([model, 200]);
        if (i > 0) slowest = Math.max(slowest, seconds);
      }
      return slowest;
    };
    const slow = rounds('slow', 2);
    const [free, other] = await Promise.all([rounds('free', 4), rounds('other', 4)]);
    expect(Math.max(free, other)).toBeLessThan(1.5);
    expect(await slow).toBeGreaterThan(2.4);
    expect(await unwritten()).toEqual([]);
    // Dropped, the trigger would wait for a lock, and everybody for that.
    await database.query('insert into hurried values (now())');
    await eventually('the slow one is quick', 10_000, async () =>
      (await send('slow', 'last')).seconds < 1 ? true : null,
    );
    for (const id of ['slow', 'free', 'other']) expect(await ledgerOf(id)).toBe(sent.get(id));
  }, 40_000);
});
