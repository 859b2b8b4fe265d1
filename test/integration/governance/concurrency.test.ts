import { isAppError } from '../../../exporter/src/domain/errors.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vote } from '../../../exporter/src/domain/decision.js';
import { verifyAudit } from '../../../exporter/src/governance/audit/verify.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import {
  auditBodies,
  countingExecutor,
  governanceOn,
  machine,
  person,
  policyOf,
  prepared,
  proposal,
} from './harness.js';
import { testStores } from '../servers/stores.js';
import type { Actor } from '../../../exporter/src/domain/actor.js';

const ROUNDS = 300;
const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

const PROPOSER = person('proposer');
const VIEWER = person('viewer', 'Viewer');

/** Ten voters at once: two clicking twice, one who proposed it, one who may not, a machine; now and then one who refuses. */
function voters(round: number): { readonly by: Actor; readonly verdict: Vote['verdict'] }[] {
  const random = seededRandom(round);
  const people = [
    person('ada'),
    person('ada'),
    person('grace'),
    person('grace'),
    person('alan'),
    PROPOSER,
    PROPOSER,
    VIEWER,
    machine,
    person('edsger'),
  ];
  const list = people.map((by): { by: Actor; verdict: Vote['verdict'] } => ({ by, verdict: 'approve' }));
  if (round % 5 === 0) list[9] = { by: person('edsger'), verdict: 'reject' };
  return list
    .map((voter) => ({ voter, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ voter }) => voter);
}

describe.each(stores.kinds)('%s', (kind) => {
  it(`${ROUNDS} rounds of ten simultaneous votes: what is approved runs once, nothing else runs, nobody counts twice`, async () => {
    const store = await openStore(stores.fresh(kind));
    const { executors, sent } = countingExecutor();
    const ports = { executors, clock: systemClock, ids: randomIds, policy: () => policyOf(2) };
    // Two processes' worth of governance on one PostgreSQL; SQLite has one writer.
    const replicas =
      kind === 'SQLite'
        ? [governanceOn(store, ports)]
        : [governanceOn(store, { ...ports, soleWriter: false }), governanceOn(store, { ...ports, soleWriter: false })];
    const [first = governanceOn(store, ports)] = replicas;
    let [approved, rejected, revoked] = [0, 0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      const open = await prepared(store, `incident-${round}`);
      const { recommendation } = await first.proposeBy(open, proposal(), PROPOSER);
      const answers = await Promise.allSettled(
        voters(round).map(async ({ by, verdict }, index) => {
          const governance = replicas[index % replicas.length] ?? first;
          const request = { recommendation: recommendation.id, verdict, digest: recommendation.digest };
          await governance.vote({ ...request, reason: 'looked at it', breakGlass: null }, by);
          await governance.dispatch();
          return by.subject;
        }),
      );
      for (const answer of answers) if (answer.status === 'rejected' && !isAppError(answer.reason)) throw answer.reason;
      await Promise.all(replicas.map((governance) => governance.dispatch()));
      const record = await first.record(recommendation.id);
      const approvers = record.votes.filter(({ verdict }) => verdict === 'approve').map(({ by }) => by.subject);
      expect(new Set(approvers).size).toBe(approvers.length);
      expect(approvers).not.toContain(PROPOSER.subject);
      expect(approvers).not.toContain(VIEWER.subject);
      expect(approvers).not.toContain(machine.subject);
      const { state } = record.recommendation;
      const runs = sent.get(recommendation.id) ?? 0;
      if (state === 'succeeded') {
        expect([round, runs, approvers.length]).toEqual([round, 1, 2]);
        approved += 1;
      } else {
        expect([round, runs]).toEqual([round, 0]);
        expect(record.votes.some(({ verdict }) => verdict === 'reject')).toBe(true);
        if (state === 'rejected') rejected += 1;
        else if (state === 'revoked') revoked += 1;
        else expect.fail(`round ${round} ended ${state}`);
      }
    }
    expect(approved).toBeGreaterThanOrEqual(ROUNDS * 0.8);
    expect(approved + rejected + revoked).toBe(ROUNDS);
    expect(await verifyAudit((from, limit) => store.audit.read(from, limit))).toMatchObject({ kind: 'intact' });
    const bodies = await auditBodies(store);
    expect(bodies.filter(({ to }) => to === 'dispatching')).toHaveLength(approved);
    process.stdout.write(
      `${kind}: ${ROUNDS} rounds, ${approved} ran once, ${rejected} rejected, ${revoked} revoked, 0 faults\n`,
    );
    await store.close();
  });
});
