import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../exporter/src/store/open-store.js';
import { eventually, runService, type RunningService } from './running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

/** Hands bytes on to PostgreSQL; of connections it was told to forget no byte passes any more, and nobody is told. */
class Firewall {
  /** Forgets whoever sends this next. */
  forgetsNext: string | null = null;
  readonly forgotten = new Set<Socket>();
  private readonly senders = new Map<Socket, string>();

  private constructor(private readonly server: Server) {}

  static async before(url: string): Promise<{ firewall: Firewall; url: string }> {
    const behind = new URL(url);
    const [host, port] = [behind.hostname, Number(behind.port)];
    const server = createServer((client) => firewall.pass(client, connect(port, host)));
    const firewall = new Firewall(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    behind.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { firewall, url: behind.href };
  }

  /** Forgets whoever has sent this. */
  forget(text: string): void {
    for (const [client, sent] of this.senders) if (sent.includes(text)) this.forgotten.add(client);
  }

  close(): void {
    this.server.close();
  }

  private pass(client: Socket, upstream: Socket): void {
    const isForgotten = (): boolean => this.forgotten.has(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => undefined).on('close', () => isForgotten() || other.destroy());
    client.on('data', (sent) => {
      const text = sent.toString('latin1');
      this.senders.set(client, (this.senders.get(client) ?? '') + text);
      if (this.forgetsNext !== null && text.includes(this.forgetsNext)) {
        this.forgetsNext = null;
        this.forgotten.add(client);
      }
      if (!isForgotten()) upstream.write(sent);
    });
    upstream.on('data', (answer) => isForgotten() || client.write(answer));
  }
}

describe.skipIf(postgresBinaries() === null)('a connection that is lost without a word', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres(postgresBinaries() ?? '');
  }, 60_000);
  afterAll(() => postgres.stop());

  it('keeps nobody waiting for long, and loses and doubles nothing', async () => {
    const { firewall, url } = await Firewall.before(postgres.freshDatabase());
    const running: RunningService = await runService({ database: { url }, logging: { level: 'silent' } });
    const send = (model: string) =>
      running.request(
        'POST',
        `/api/v1/models/${model}/observations`,
        Array.from({ length: 10 }, () => ({ prediction: 'yes', confidence: 0.5 })),
      );
    for (const id of ['a', 'b']) await running.request('POST', '/api/v1/models', { id });
    for (const id of ['a', 'b']) expect((await send(id)).status).toBe(200);
    firewall.forgetsNext = 'COMMIT;';
    const taken = { a: 10, b: 10 };
    const begunMs = performance.now();
    const answers = await Promise.all((['a', 'b'] as const).map(async (id) => ({ id, ...(await send(id)) })));
    expect(performance.now() - begunMs).toBeLessThan(60_000);
    for (const { id, status } of answers) {
      expect([200, 503]).toContain(status);
      if (status === 200) taken[id] += 10;
    }
    for (const id of ['a', 'b'] as const) {
      await eventually('rows are taken again', 30_000, async () => ((await send(id)).status === 200 ? true : null));
      taken[id] += 10;
    }
    const models = (await running.request('GET', '/api/v1/models')).body as {
      models: { id: 'a' | 'b'; total_samples: number }[];
    };
    expect(Object.fromEntries(models.models.map(({ id, total_samples: rows }) => [id, rows]))).toEqual(taken);
    await running.close();
    firewall.close();
  }, 120_000);

  it('is not told as another mlfi where it holds the lock, and is ended', async () => {
    const { firewall, url } = await Firewall.before(postgres.freshDatabase());
    const store = await openStore({ kind: 'postgresql', url, poolSize: 4 });
    firewall.forget('pg_try_advisory_lock');
    const said = new Set<string | null>();
    for (let i = 0; i < 100 && !(said.size > 1 && store.awayBecause() === null); i += 1) {
      said.add(store.awayBecause());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(said.size).toBeGreaterThan(1);
    expect([...said].join('\n')).not.toContain('another mlfi');
    expect(store.awayBecause()).toBeNull();
    await store.close();
    firewall.close();
  }, 60_000);
});
