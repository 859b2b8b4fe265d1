import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decisionUseCases } from '../../../exporter/src/application/decisions.js';
import type { RecommendationRecord } from '../../../exporter/src/domain/decision-record.js';
import { isAppError } from '../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { DomainEvent } from '../../../exporter/src/domain/ports.js';
import type { Recommendation, RecommendationState } from '../../../exporter/src/domain/recommendation.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import {
  allExecutors,
  governanceOn,
  incident,
  model,
  person,
  policyOf,
  proposal,
  silentLogger,
} from '../../integration/governance/harness.js';
import { scheduledStore, storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();

/** Two people click twice, one comes in between; two approvals are enough. */
const VOTERS = ['ada', 'ada', 'grace', 'grace', 'alan'];
/** An execution takes as long as so many transactions: long enough for all else that is under way to come by. */
const TRANSACTIONS = 20;
/** Votes that wait for an executor never answer: nobody answers them before they do. */
const LONGEST_RUN_MS = 60_000;

let runs = 0;

/** A service whose store answers in the order the scheduler likes; executions on the slow model end when they are let go. */
function worldOf(scheduler: fc.Scheduler) {
  const run = (runs += 1);
  const [slow, quick] = [modelId(`slow-${run}`), modelId(`quick-${run}`)];
  const sent: Recommendation[] = [];
  const together = { now: new Map<ModelId, number>(), most: 0 };
  const count = (of: ModelId, change: 1 | -1): void => {
    const now = (together.now.get(of) ?? 0) + change;
    together.now.set(of, now);
    together.most = Math.max(together.most, now);
  };
  let prepared = 0;
  let letGo: () => void = () => undefined;
  const isLetGo = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const bus = createEventBus(silentLogger);
  const inTurns = scheduledStore(file.store, scheduler);
  const governance = governanceOn(inTurns, {
    clock: systemClock,
    ids: randomIds,
    events: bus,
    policy: () => policyOf(2),
    executors: allExecutors({
      repetition: 'none',
      prepare: () => {
        prepared += 1;
        return Promise.resolve({ kind: 'ready', text: 'would do it' });
      },
      async execute(_plan, _execution, recommendation) {
        sent.push(recommendation);
        count(recommendation.modelId, 1);
        if (recommendation.modelId === slow) await isLetGo;
        for (let taken = 0; taken < TRANSACTIONS; taken += 1)
          await inTurns.governance((transaction) => transaction.killSwitch());
        count(recommendation.modelId, -1);
        return { kind: 'succeeded', detail: 'done' };
      },
      lookup: () => Promise.resolve({ kind: 'unknown', detail: '' }),
    }),
  });
  const application = decisionUseCases({ governance, proposalFor: () => proposal() }, () =>
    Promise.reject(new Error('nobody proposes here')),
  );
  async function proposed(of: ModelId, id: string): Promise<Recommendation> {
    await file.store.models.save({ ...model(), id: of });
    const open = { ...incident(`${id}-${run}`), modelId: of };
    await file.store.incidents.save(open);
    const [made] = await scheduler.waitFor(governance.propose(open, [proposal()]));
    return made ?? expect.fail('nothing was proposed');
  }
  return {
    slow,
    quick,
    sent,
    together,
    governance,
    letGo,
    prepared: () => prepared,
    proposed,
    vote: ({ id, digest }: Recommendation, who: string): Promise<RecommendationRecord> =>
      application.vote(
        { recommendation: id, digest, verdict: 'approve', reason: 'looked at it', breakGlass: null },
        person(who),
      ),
    /** Resolves when an event says that the recommendation is in this state. */
    heard: ({ id }: Recommendation, state: RecommendationState): Promise<void> =>
      new Promise((resolve) => {
        bus.subscribe((event: DomainEvent) => {
          if (event.kind !== 'recommendation-updated') return;
          if (event.recommendation.id === id && event.recommendation.state === state) resolve();
        });
      }),
  };
}

const stateOf = async ({ id }: Recommendation): Promise<RecommendationState | undefined> =>
  (await file.store.decisions.get(id))?.recommendation.state;

it(
  'answers votes when they are committed, counts each once, and carries out model by model, whatever comes first',
  {
    timeout: 300_000,
  },
  async () => {
    const property = async (scheduler: fc.Scheduler): Promise<void> => {
      const world = worldOf(scheduler);
      const { slow, quick, sent } = world;
      const decisions = [
        await world.proposed(slow, 'first'),
        await world.proposed(slow, 'second'),
        await world.proposed(quick, 'third'),
      ] as const;
      const quickIsDone = world.heard(decisions[2], 'succeeded');

      // No execution on the slow model ends before every voter has an answer.
      const answers = await scheduler.waitFor(
        Promise.all(
          decisions.map((decision) =>
            Promise.allSettled(
              VOTERS.map((who) => scheduler.schedule(Promise.resolve(), who).then(() => world.vote(decision, who))),
            ),
          ),
        ),
      );
      for (const [of, votes] of answers.entries()) {
        for (const vote of votes) if (vote.status === 'rejected') expect(isAppError(vote.reason)).toBe(true);
        const counted = votes.flatMap((vote) => (vote.status === 'fulfilled' ? [vote.value] : []));
        const seen = counted.map(({ recommendation, votes: { length }, execution, dryRun }) => [
          length,
          recommendation.state,
          execution?.state,
          dryRun,
        ]);
        expect(seen.sort()).toEqual([
          [1, 'pending', undefined, null],
          [2, 'approved', 'queued', null],
        ]);
        const kept = await file.store.decisions.get(decisions[of]?.id ?? decisions[0].id);
        expect(new Set(kept?.votes.map(({ by }) => by.subject)).size).toBe(2);
        expect(kept?.votes).toHaveLength(2);
      }

      // A list is read meanwhile by every screen, and asks no target.
      for (const of of [slow, quick]) {
        const listed = await scheduler.waitFor(world.governance.records({ model: of, pendingOnly: false, limit: 10 }));
        expect(listed).toHaveLength(of === slow ? 2 : 1);
      }
      expect(world.prepared()).toBe(0);

      // Nor does another model's execution wait for one of them.
      await scheduler.waitFor(quickIsDone);
      expect(await stateOf(decisions[2])).toBe('succeeded');
      expect(sent.filter(({ modelId: of }) => of === slow).length).toBeLessThanOrEqual(1);

      const slowAreDone = [world.heard(decisions[0], 'succeeded'), world.heard(decisions[1], 'succeeded')];
      world.letGo();
      await scheduler.waitFor(Promise.all(slowAreDone));
      await scheduler.waitFor(world.governance.idle());
      expect(sent.map(({ id }) => id).sort()).toEqual(decisions.map(({ id }) => id).sort());
      expect(await Promise.all(decisions.map(stateOf))).toEqual(['succeeded', 'succeeded', 'succeeded']);
      expect(world.together.most).toBe(1);
      expect(world.prepared()).toBe(0);
    };
    await fc.assert(fc.asyncProperty(fc.scheduler(), property), {
      numRuns: 25,
      timeout: LONGEST_RUN_MS,
      endOnFailure: true,
    });
  },
);
