import { isAppError } from '../../../exporter/src/domain/errors.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vote } from '../../../exporter/src/domain/decision.js';
import type { RecommendationId } from '../../../exporter/src/domain/identifiers.js';
import type { ExecutionOutcome, GovernanceTransaction, Store } from '../../../exporter/src/domain/ports.js';
import type { ActionId, Recommendation, RecommendationState } from '../../../exporter/src/domain/recommendation.js';
import { verifyAudit } from '../../../exporter/src/governance/audit/verify.js';
import { FAIL_POINTS, type FailPoint } from '../../../exporter/src/governance/fail-points.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { mayMove } from '../../../exporter/src/governance/rules/state-machine.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import {
  allExecutors,
  auditBodies,
  countingIds,
  governanceOn,
  incident,
  movableClock,
  person,
  policyOf,
  prepared,
  proposal,
  RULES,
} from './harness.js';
import { testStores } from '../servers/stores.js';

const RUNS = { SQLite: 200, PostgreSQL: 60 } as const;
const NEEDED = 2;
const HOUR_MS = 3_600_000;
type Who = 'ada' | 'grace' | 'alan' | 'proposer' | 'viewer';
const actor = (who: Who): ReturnType<typeof person> => person(who, who === 'viewer' ? 'Viewer' : 'Admin');
const ACTIONS = ['retrain', 'rollback'] as const satisfies readonly ActionId[];

/** The simplest thing that could be right: what one revision should look like after every step. */
interface Expected {
  readonly id: RecommendationId;
  readonly action: ActionId;
  readonly digest: string;
  readonly expiresAtMs: number;
  state: RecommendationState;
  approvals: Who[];
  rejections: Who[];
  queuedAtMs: number;
}
interface Reference {
  revisions: Expected[];
  nowMs: number;
  stopped: boolean;
}

class Crash extends Error {}

/** The thing under test, with a world around it that can crash, answer and move its clock. */
class World {
  governance: Governance;
  outcome: ExecutionOutcome['kind'] = 'succeeded';
  dieAt: FailPoint | null = null;
  readonly delivered = new Map<string, string[]>();
  readonly clock = movableClock(1_000_000);
  private readonly ids;

  constructor(
    readonly store: Store,
    private readonly prefix: string,
    /** Sequence of the first audit entry of this history. */
    readonly auditFrom: number,
  ) {
    this.ids = countingIds(`${prefix}-`);
    this.governance = this.born();
  }

  get incident(): ReturnType<typeof incident> {
    return incident(`incident-${this.prefix}`);
  }

  born(): Governance {
    this.dieAt = null;
    this.governance = governanceOn(this.store, {
      clock: this.clock,
      ids: this.ids,
      policy: () => policyOf(NEEDED),
      failPoint: (point) => {
        if (point === this.dieAt) throw new Crash(point);
      },
      executors: allExecutors({
        repetition: 'none',
        prepare: () => Promise.resolve({ kind: 'ready', text: '' }),
        execute: (_, execution) => {
          const before = this.delivered.get(execution.recommendationId) ?? [];
          this.delivered.set(execution.recommendationId, [...before, execution.id]);
          return Promise.resolve({ kind: this.outcome, detail: 'told' });
        },
        lookup: () => Promise.resolve({ kind: 'unknown', detail: 'nobody knows' }),
      }),
    });
    return this.governance;
  }

  vote(of: Expected, who: Who, verdict: Vote['verdict'], digest = of.digest): Promise<unknown> {
    const request = { recommendation: of.id, verdict, digest, reason: 'looked at it', breakGlass: null };
    return this.governance.vote(request, actor(who));
  }

  async states(): Promise<readonly Recommendation[]> {
    return this.store.governance((transaction) =>
      transaction.recommendations({ incident: this.incident.id, limit: 1_000 }),
    );
  }
}

/** Whether it was taken; a refusal is an answer, anything else is a fault. */
async function taken(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

/** Must hold after every step, whatever happened. */
async function checkInvariants(reference: Reference, world: World): Promise<void> {
  for (const executions of world.delivered.values()) expect(executions.length).toBeLessThanOrEqual(1);
  const bodies = await auditBodies(world.store, world.auditFrom);
  for (const recommendation of await world.states()) {
    const moves = bodies.filter((body) => body.recommendation === recommendation.id && body.to !== undefined);
    let state: RecommendationState = 'pending';
    for (const { from, to } of moves) {
      expect(from).toBe(state);
      expect(mayMove(state, to as RecommendationState)).toBe(true);
      state = to as RecommendationState;
    }
    expect([recommendation.id, recommendation.state]).toEqual([recommendation.id, state]);
    const sent = world.delivered.has(recommendation.id);
    const votes = await world.store.governance((transaction) => transaction.votes(recommendation.id));
    const counted = new Set(
      votes
        .filter(({ verdict, digest }) => verdict === 'approve' && digest === recommendation.digest)
        .map(({ by }) => by.subject),
    );
    expect(votes).toHaveLength(
      bodies.filter(({ kind, recommendation: of }) => kind === 'vote' && of === recommendation.id).length,
    );
    for (const who of ['proposer', 'viewer'] as const) expect(counted).not.toContain(actor(who).subject);
    if (sent || moves.some(({ to }) => to === 'approved')) expect(counted.size).toBeGreaterThanOrEqual(NEEDED);
  }
  for (const expected of reference.revisions) {
    const stored = (await world.states()).find(({ id }) => id === expected.id);
    expect([expected.id, stored?.state]).toEqual([expected.id, expected.state]);
  }
}

/** Takes over from the store what could have gone either way. */
async function resync(reference: Reference, world: World): Promise<void> {
  for (const expected of reference.revisions) {
    const record = await world.governance.record(expected.id);
    expected.state = record.recommendation.state;
    const by = (verdict: Vote['verdict']): Who[] =>
      record.votes.filter((vote) => vote.verdict === verdict).map((vote) => vote.by.name as Who);
    expected.approvals = by('approve');
    expected.rejections = by('reject');
    expected.queuedAtMs = record.execution?.queuedAtMs ?? expected.queuedAtMs;
  }
}

type Step = fc.AsyncCommand<Reference, World>;
const pick = (reference: Reference, index: number): Expected | undefined =>
  reference.revisions[index % Math.max(1, reference.revisions.length)];

function step(name: string, needsRevision: boolean, run: (reference: Reference, world: World) => Promise<void>): Step {
  return {
    check: (reference) => !needsRevision || reference.revisions.length > 0,
    async run(reference, world) {
      reference.nowMs = world.clock.now();
      await run(reference, world);
      await checkInvariants(reference, world);
    },
    toString: () => name,
  };
}

function expectVote(
  reference: Reference,
  of: Expected,
  who: Who,
  verdict: Vote['verdict'],
): RecommendationState | null {
  if (who === 'proposer' || who === 'viewer') return null;
  const before = verdict === 'approve' ? of.approvals : of.rejections;
  if (before.includes(who)) return null;
  if (of.state === 'approved') return verdict === 'reject' ? 'revoked' : null;
  if (of.state !== 'pending' || of.expiresAtMs <= reference.nowMs) return null;
  if (verdict === 'reject') return 'rejected';
  return of.approvals.length + 1 >= NEEDED ? 'approved' : 'pending';
}

/** What a pass of the dispatcher should make of everything approved. */
function expectDispatch(reference: Reference, outcome: RecommendationState): void {
  for (const of of reference.revisions) {
    if (of.state === 'dispatching') of.state = 'unknown';
    if (of.state !== 'approved') continue;
    if (of.queuedAtMs + RULES.startWithinMs <= reference.nowMs) of.state = 'expired';
    else if (!reference.stopped) of.state = outcome;
  }
}

const index = fc.nat(5);
const who = fc.constantFrom<Who>('ada', 'ada', 'grace', 'grace', 'alan', 'proposer', 'viewer');
const verdicts = fc.constantFrom<Vote['verdict']>('approve', 'approve', 'approve', 'approve', 'approve', 'reject');
const outcomes = fc.constantFrom<ExecutionOutcome['kind']>('succeeded', 'failed', 'unknown');

const kinds: fc.Arbitrary<Step>[] = [
  fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(2)).map(([action, edition]) =>
    step(`propose ${action} #${edition}`, false, async (reference, world) => {
      const made = proposal(action, `${action} #${edition}`);
      const standing = reference.revisions.filter((of) => of.action === action);
      const isOpen = standing.some(({ state }) =>
        ['pending', 'approved', 'dispatching', 'unknown', 'succeeded'].includes(state),
      );
      const accepted = await taken(world.governance.proposeBy(world.incident, made, actor('proposer')));
      expect(accepted).toBe(!isOpen);
      if (!accepted) return;
      const known = new Set(reference.revisions.map(({ id }) => id));
      const fresh = (await world.states()).find(
        (of) => of.action === action && of.followUpTo === null && !known.has(of.id),
      );
      if (fresh === undefined) expect.fail('an accepted proposal is not there');
      const { id, digest, expiresAtMs } = fresh;
      const blank = { state: 'pending' as const, approvals: [], rejections: [], queuedAtMs: 0 };
      reference.revisions.push({ id, action, digest, expiresAtMs, ...blank });
    }),
  ),
  fc.tuple(index, who, verdicts).map(([at, voter, verdict]) =>
    step(`${voter} ${verdict}s ${at}`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of === undefined) return;
      const next = expectVote(reference, of, voter, verdict);
      expect(await taken(world.vote(of, voter, verdict))).toBe(next !== null);
      if (next === null) return;
      (verdict === 'approve' ? of.approvals : of.rejections).push(voter);
      if (next === 'approved') of.queuedAtMs = reference.nowMs;
      of.state = next;
    }),
  ),
  fc.tuple(index, who).map(([at, voter]) =>
    step(`${voter} votes on something else than ${at}`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of !== undefined) expect(await taken(world.vote(of, voter, 'approve', 'f'.repeat(64)))).toBe(false);
    }),
  ),
  fc.tuple(index, fc.array(fc.tuple(who, verdicts), { minLength: 2, maxLength: 6 })).map(([at, voters]) =>
    step(`at once on ${at}: ${voters.map((pair) => pair.join(' ')).join(', ')}`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of === undefined) return;
      await Promise.all([
        ...voters.map(([voter, verdict]) => taken(world.vote(of, voter, verdict))),
        world.governance.dispatch(),
      ]);
      await resync(reference, world);
    }),
  ),
  fc.tuple(index, who).map(([at, voter]) =>
    step(`${voter} revokes ${at}`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of === undefined) return;
      const may = voter !== 'viewer' && of.state === 'approved';
      expect(await taken(world.governance.revoke(of.id, 'changed my mind', actor(voter)))).toBe(may);
      if (may) of.state = 'revoked';
    }),
  ),
  fc.constantFrom(-1, 0, 1, 2, 25).map((hours) =>
    step(`${hours} h pass`, false, async (reference, world) => {
      world.clock.advance(hours * HOUR_MS);
      world.outcome = 'succeeded';
      reference.nowMs = world.clock.now();
      await world.governance.sweep();
      await world.governance.idle();
      for (const of of reference.revisions)
        if (of.state === 'pending' && of.expiresAtMs <= reference.nowMs) of.state = 'expired';
      expectDispatch(reference, 'succeeded');
    }),
  ),
  outcomes.map((outcome) =>
    step(`dispatch, ${outcome}`, false, async (reference, world) => {
      world.outcome = outcome;
      await world.governance.dispatch();
      expectDispatch(reference, outcome);
    }),
  ),
  fc.tuple(index, outcomes, fc.nat(2)).map(([at, said, repetitions]) =>
    step(`called back about ${at}: ${said}, ${repetitions + 1} times`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of === undefined || said === 'unknown') return;
      const { execution } = await world.governance.record(of.id);
      if (execution === null) return;
      for (let i = 0; i <= repetitions; i += 1) {
        const open = execution.state !== 'queued' && execution.state !== 'cancelled';
        expect(await taken(world.governance.callback(execution.id, said, 'told', person('ci')))).toBe(open);
      }
      if (of.state === 'unknown' || of.state === 'dispatching') of.state = said;
    }),
  ),
  fc.boolean().map((on) =>
    step(`kill switch ${on ? 'on' : 'off'}`, false, async (reference, world) => {
      await world.governance.setKillSwitch(on, 'because of the test', actor('ada'));
      reference.stopped = on;
    }),
  ),
  fc.tuple(index, who, fc.constantFrom(...FAIL_POINTS)).map(([at, voter, point]) =>
    step(`a crash ${point} while ${voter} approves ${at}`, true, async (reference, world) => {
      const of = pick(reference, at);
      if (of === undefined) return;
      world.dieAt = point;
      world.outcome = 'succeeded';
      await world.vote(of, voter, 'approve').catch(() => undefined);
      await world.governance.dispatch();
      world.born();
      await resync(reference, world);
    }),
  ),
];

/** Voting and dispatching come more often, or hardly anything would ever be approved. */
const [, voting] = kinds;
const dispatching = kinds[6];
const steps = [
  ...kinds,
  ...[voting, voting, voting, voting, dispatching].flatMap((kind) => (kind === undefined ? [] : [kind])),
];

/** @returns how many histories ended in each state, to see that all were reached */
async function histories(store: Store, runs: number, seed: number): Promise<Readonly<Record<string, number>>> {
  let number = 0;
  const reached: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
      number += 1;
      const head = await store.audit.head();
      const world = new World(store, `${seed}-${number}`, (head?.sequence ?? 0) + 1);
      await prepared(store, world.incident.id);
      await world.governance.setKillSwitch(false, 'a new history', actor('ada'));
      await fc.asyncModelRun(
        () => ({ model: { revisions: [], nowMs: world.clock.now(), stopped: false }, real: world }),
        commands,
      );
      for (const { state } of await world.states()) reached[state] = (reached[state] ?? 0) + 1;
      // Nothing that was left open may be taken for the next history's.
      world.outcome = 'succeeded';
      await world.governance.setKillSwitch(false, 'the end', actor('ada'));
      await world.governance.dispatch();
      expect(await verifyAudit((from, limit) => store.audit.read(from, limit))).toMatchObject({ kind: 'intact' });
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
  return reached;
}

/** The same store without what makes it safe: every read and write on its own, nothing taken back, nothing in turn. */
function naive(store: Store): Store {
  type Operations = Record<PropertyKey, (...given: readonly unknown[]) => unknown>;
  /** @param of the operations of a transaction, or of a repository in it */
  const loose = <T extends object>(of: (transaction: GovernanceTransaction) => T): T =>
    new Proxy({} as T, {
      get:
        (_, operation) =>
        (...parameters: readonly unknown[]): Promise<unknown> =>
          store.governance((transaction) =>
            Promise.resolve((of(transaction) as unknown as Operations)[operation]?.(...parameters)),
          ),
    });
  const alone = new Proxy(
    loose((transaction) => transaction),
    {
      get: (operations, name: keyof GovernanceTransaction, receiver): unknown =>
        name === 'incidents' || name === 'models'
          ? loose((transaction) => transaction[name])
          : Reflect.get(operations, name, receiver),
    },
  );
  return { ...store, governance: (work) => work(alone) };
}

const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

describe.each(stores.kinds)('%s', (kind) => {
  it(`${RUNS[kind]} generated histories agree with the reference, invariants and all, after every step`, async () => {
    const store = await openStore(stores.fresh(kind));
    const reached = await histories(store, RUNS[kind], kind === 'SQLite' ? 11 : 12);
    const entries = (await store.audit.head())?.sequence ?? 0;
    process.stdout.write(
      `${kind}: ${RUNS[kind]} histories, ${entries} audit entries, ended as ${JSON.stringify(reached)}\n`,
    );
    for (const state of ['rejected', 'expired', 'revoked', 'succeeded', 'failed', 'unknown'])
      expect([...Object.keys(reached)]).toContain(state);
    await store.close();
  }, 600_000);

  it('finds the faults of a store without transactions', async () => {
    const store = await openStore(stores.fresh(kind));
    const found = await histories(naive(store), RUNS[kind], 13).then(
      () => 'nothing',
      (error: unknown) => String(error),
    );
    expect(found).toMatch(/Property failed/);
    process.stdout.write(
      `${kind}, without transactions: ${/^\s*(.*at once.*|.*a crash.*)$/m.exec(found)?.[1]?.slice(0, 300) ?? found.slice(0, 600)}\n`,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await store.close();
  }, 600_000);
});
