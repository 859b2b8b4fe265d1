import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ONLY_EPOCH, ONLY_SHARD, type Store } from '../../exporter/src/domain/ports.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { emptyWindow } from '../../exporter/src/statistics/window-profile.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

const binaries = postgresBinaries();
const MODEL = modelId('committed');
const RESULT = {
  accepted: 1,
  labelsInRows: 0,
  labelsMatched: 0,
  labelsUnmatched: 0,
  labelsWaiting: 0,
  rejected: 0,
  rejectedByReason: {},
  errors: [],
  notes: [],
  duplicate: false,
};

/** What happens to a connection when the client says COMMIT. */
type Fate = 'pass' | 'lost-before' | 'lost-after' | 'killed-before' | 'killed-after';

/** A way to PostgreSQL on which connections break in the middle of a commit. */
class BreakingProxy {
  fate: Fate = 'pass';
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    private readonly target: number,
    private readonly kill: () => void,
  ) {
    this.server = createServer((client) => this.join(client));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    let isCommitting = false;
    client.on('data', (sent) => {
      if (this.fate === 'pass' || !/COMMIT;/.test(sent.toString('latin1'))) {
        upstream.write(sent);
        return;
      }
      const { fate } = this;
      this.fate = 'pass';
      if (fate === 'killed-before') this.kill();
      if (fate.endsWith('before')) {
        client.destroy();
        return;
      }
      isCommitting = true;
      upstream.write(sent);
      // The answer has come: the commit has happened, and the client never hears of it.
      upstream.once('data', () => {
        if (fate === 'killed-after') this.kill();
        client.destroy();
      });
    });
    upstream.on('data', (answer) => {
      if (!isCommitting) client.write(answer);
    });
  }
}

describe.skipIf(binaries === null)('a commit whose answer is lost', () => {
  let postgres: Postgres;
  let proxy: BreakingProxy;
  let store: Store;

  beforeAll(async () => {
    postgres = await startPostgres(binaries ?? '');
    const address = new URL(postgres.freshDatabase());
    proxy = new BreakingProxy(Number(address.port), () => {
      postgres.kill();
      postgres.startAgain();
    });
    address.port = String(await proxy.listen());
    store = await openStore({ kind: 'postgresql', url: address.href, poolSize: 4 });
  });

  afterAll(async () => {
    await store?.close().catch(() => undefined);
    await proxy?.close();
    postgres?.stop();
  });

  it.each<readonly [Fate, boolean]>([
    ['pass', true],
    ['lost-before', false],
    ['lost-after', true],
    ['killed-before', false],
    ['killed-after', true],
  ])('%s: whoever wrote it learns whether it happened (%s)', async (fate, happens) => {
    // The connection that holds the lock died with the server before.
    await store.check();
    proxy.fate = fate;
    const written = store.atomic(ONLY_SHARD, ONLY_EPOCH, async (part) => {
      await part.batches.save(MODEL, fate, { result: RESULT, bodyDigest: null }, 1);
      return 'done';
    });
    const told = await written.catch(() => 'refused');
    expect(told).toBe(happens ? 'done' : 'refused');
    expect(proxy.fate).toBe('pass');
    await store.check();
    expect((await store.batches.find(MODEL, fate)) !== null).toBe(happens);
  });

  it('counts a batch once whose sender is told to send it again only when nothing was written', async () => {
    const fates: readonly Fate[] = ['lost-after', 'pass', 'lost-before', 'pass', 'lost-after', 'lost-before', 'pass'];
    for (const [i, fate] of fates.entries()) {
      proxy.fate = fate;
      for (let isTaken = false; !isTaken;) {
        isTaken = await store
          .atomic(ONLY_SHARD, ONLY_EPOCH, async (part) => {
            const before = await part.windows.range(MODEL, i, i + 1);
            // Written twice, this would be refused by the test itself.
            if (before.length > 0) throw new Error('counted twice');
            await part.windows.saveAll([{ model: MODEL, windowStartMs: i, profile: emptyWindow() }]);
            return true;
          })
          .catch((error: unknown) => {
            if (String(error).includes('counted twice')) throw error;
            return false;
          });
      }
    }
    expect(await store.windows.range(MODEL, 0, 100)).toHaveLength(fates.length);
  });
});
