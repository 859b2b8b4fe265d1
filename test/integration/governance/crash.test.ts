import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recommendationId } from '../../../exporter/src/domain/identifiers.js';
import type { Executor } from '../../../exporter/src/domain/ports.js';
import { verifyAudit } from '../../../exporter/src/governance/audit/verify.js';
import { FAIL_POINTS } from '../../../exporter/src/governance/fail-points.js';
import { openStore, type StoreLocation } from '../../../exporter/src/store/open-store.js';
import { auditBodies } from './harness.js';
import { testStores } from '../servers/stores.js';

/** Rounds per kind of executor; with MLFI_LONG=1 three kinds of executor on SQLite make 201. */
const ROUNDS = process.env['MLFI_LONG'] === '1' ? { SQLite: 67, PostgreSQL: 14 } : { SQLite: 28, PostgreSQL: 14 };
const KINDS: readonly Executor['repetition'][] = ['idempotent', 'lookup', 'none'];
const folder = mkdtempSync(join(tmpdir(), 'mlfi-crash-'));
const child = join(folder, 'child.cjs');
const stores = testStores();
/** recommendation → execution id → how often it arrived */
const received = new Map<string, Map<string, number>>();
let receiver: Server;

beforeAll(async () => {
  await stores.start();
  await build({
    entryPoints: [join(import.meta.dirname, 'crash-child.ts')],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['knex', 'sqlite3', 'pg'],
    logLevel: 'error',
  });
  receiver = createServer((request, response) => {
    const [, recommendation = '', execution = ''] = (request.url ?? '').split('/');
    const executions = received.get(recommendation) ?? new Map<string, number>();
    received.set(recommendation, executions);
    if (request.method === 'POST') executions.set(execution, (executions.get(execution) ?? 0) + 1);
    response.end(executions.has(execution) ? 'received' : 'unknown');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
  stores.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface End {
  readonly killed: boolean;
  readonly lines: readonly string[];
}

function live(life: object): Promise<End> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [child, JSON.stringify(life)], {
      env: { ...process.env, NODE_PATH: join(import.meta.dirname, '../../../node_modules') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [text, trouble] = ['', ''];
    started.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    started.stderr.on('data', (chunk: Buffer) => (trouble += chunk.toString()));
    started.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve({ killed: signal === 'SIGKILL', lines: text.trim().split('\n') });
      else reject(new Error(`a life ended with ${String(code)}: ${trouble}`));
    });
  });
}

/** What has become of a recommendation in the end: its state, how many executions of it arrived, and how often. */
function expectedEnd(repetition: Executor['repetition'], at: string): readonly [string, number, number] {
  if (at === 'before-vote-commit') return ['pending', 0, 0];
  const lost = ['before-send', 'after-send', 'before-record-commit'].includes(at);
  const arrived = at !== 'before-send';
  if (repetition === 'none') return [lost ? 'unknown' : 'succeeded', Number(arrived), Number(arrived)];
  // One effect; a receiver that can tell repetitions apart may see the same execution id twice.
  return ['succeeded', 1, repetition === 'idempotent' && lost && arrived ? 2 : 1];
}

describe.each(stores.kinds.flatMap((kind) => KINDS.map((repetition) => ({ kind, repetition }))))(
  '$kind, an executor that is $repetition',
  ({ kind, repetition }) => {
    it(`killed ${ROUNDS[kind]} times at every moment: nothing is lost, nothing runs twice`, async () => {
      const location: StoreLocation = stores.fresh(kind);
      const { port } = receiver.address() as AddressInfo;
      const base = { location, repetition, receiver: `http://127.0.0.1:${port}` };
      const acknowledged: [string, string][] = [];
      const proposed: string[] = [];
      const dyingAt = new Map<string, string>();
      for (let round = 0; round < ROUNDS[kind]; round += 1) {
        const dieAt = FAIL_POINTS[round % FAIL_POINTS.length] ?? 'before-send';
        const { killed, lines } = await live({ ...base, round, dieAt });
        expect([dieAt, killed]).toEqual([dieAt, true]);
        for (const line of lines) {
          const [what, id = '', who = ''] = line.split(' ');
          if (what === 'proposed') {
            proposed.push(id);
            dyingAt.set(id, dieAt);
          }
          if (what === 'acknowledged') acknowledged.push([id, who]);
        }
      }
      expect(await live({ ...base, round: null, dieAt: null })).toMatchObject({ killed: false });

      const store = await openStore(location);
      const bodies = await auditBodies(store);
      const outcomes = new Map<string, number>();
      expect(proposed).toHaveLength(ROUNDS[kind]);
      for (const id of proposed) {
        const { state, votes, execution } = await store.governance(async (transaction) => ({
          state: (await transaction.recommendation(recommendationId(id)))?.state,
          votes: await transaction.votes(recommendationId(id)),
          execution: await transaction.execution(recommendationId(id)),
        }));
        const at = dyingAt.get(id) ?? '';
        // Every vote whose answer got out is there.
        for (const [, who] of acknowledged.filter(([of]) => of === id))
          expect(votes.map(({ by }) => by.name)).toContain(who);
        // The deciding vote, the state, the order and their audit entries: all of them or none.
        const moves = bodies.filter((body) => body.recommendation === id && body.to !== undefined);
        expect([at, execution !== null]).toEqual([at, votes.length === 2]);
        expect([at, state]).toEqual([at, moves.at(-1)?.to ?? 'pending']);
        const executions = received.get(id) ?? new Map<string, number>();
        const deliveries = [...executions.values()].reduce((sum, times) => sum + times, 0);
        const expected = expectedEnd(repetition, at);
        expect([at, state, executions.size, deliveries]).toEqual([at, ...expected]);
        outcomes.set(state ?? '', (outcomes.get(state ?? '') ?? 0) + 1);
      }
      expect(await verifyAudit((from, limit) => store.audit.read(from, limit))).toMatchObject({ kind: 'intact' });
      process.stdout.write(
        `${kind}, ${repetition}: ${ROUNDS[kind]} kills, ${acknowledged.length} acknowledged votes all there, ${JSON.stringify(Object.fromEntries(outcomes))}\n`,
      );
      await store.close();
    }, 600_000);
  },
);
