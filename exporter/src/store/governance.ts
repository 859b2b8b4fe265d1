import type { Knex } from 'knex';
import type { Execution, ExecutionAttempt, KillSwitch, Review, Verification, Vote } from '../domain/decision.js';
import type { Json } from '../domain/json.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { ModelId } from '../domain/identifiers.js';
import { PRIORITIES } from '../domain/recommendation.js';
import { auditHead, insertAudit } from './audit.js';
import { recommendationOf, selectRecommendations, type StoredRecommendation } from './decisions.js';
import { settingRepository } from './settings.js';

const KILL_SWITCH = 'kill_switch';

/** At first only whether it was on was kept. */
function killSwitchOf(stored: Json): KillSwitch {
  const never: KillSwitch = { on: stored === true, reason: null, by: null, atMs: null };
  return typeof stored === 'object' ? { ...never, ...(stored as Partial<KillSwitch> | null) } : never;
}

export function governanceTransaction(db: Knex): GovernanceTransaction {
  return {
    async recommendation(id) {
      const row = await db('recommendation').where({ id }).first<StoredRecommendation | undefined>('state', 'document');
      return row === undefined ? null : recommendationOf(row);
    },
    async recommendations(filter) {
      const rows = await selectRecommendations(db, filter).select<StoredRecommendation[]>('state', 'document');
      return rows.map(recommendationOf);
    },
    async insertRecommendation(recommendation) {
      await db('recommendation').insert({
        id: recommendation.id,
        incident: recommendation.incidentId,
        model: recommendation.modelId,
        state: recommendation.state,
        priority: PRIORITIES.indexOf(recommendation.priority),
        created_at_ms: recommendation.createdAtMs,
        document: JSON.stringify(recommendation),
      });
    },
    async setRecommendationState(id, state) {
      await db('recommendation').where({ id }).update({ state });
    },
    async votes(id) {
      const rows = await db('vote')
        .where({ recommendation: id })
        .orderBy('at_ms')
        .select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Vote);
    },
    async insertVote(vote) {
      await db('vote').insert({
        id: vote.id,
        recommendation: vote.recommendationId,
        subject: vote.by.subject,
        verdict: vote.verdict,
        at_ms: vote.atMs,
        document: JSON.stringify(vote),
      });
    },
    async insertExecution(execution) {
      await db('execution').insert({
        ...executionRow(execution),
        id: execution.id,
        recommendation: execution.recommendationId,
        model: db('recommendation').where({ id: execution.recommendationId }).select('model'),
        executor: execution.executor,
      });
    },
    async updateExecution(execution) {
      await db('execution').where({ id: execution.id }).update(executionRow(execution));
    },
    async execution(recommendation) {
      const row = await db('execution').where({ recommendation }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : (JSON.parse(row.document) as Execution);
    },
    async executions(filter) {
      const rows = await db('execution')
        .where(filter)
        .orderBy('queued_at_ms')
        .select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Execution);
    },
    async modelsWithExecutions(states) {
      const rows = await db('execution')
        .whereIn('state', [...states])
        .distinct<{ model: ModelId }[]>('model');
      return rows.map(({ model }) => model);
    },
    async executionById(id) {
      const row = await db('execution').where({ id }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : (JSON.parse(row.document) as Execution);
    },
    async insertAttempt(attempt) {
      const { executionId: execution, atMs } = attempt;
      const before = await db('execution_attempt')
        .where({ execution })
        .max<{ number: number | null }[]>({ number: 'number' });
      const number = Number(before[0]?.number ?? 0) + 1;
      const document = JSON.stringify({ ...attempt, number });
      await db('execution_attempt').insert({ execution, number, at_ms: atMs, document });
    },
    async attempts(execution) {
      const rows = await db('execution_attempt')
        .where({ execution })
        .orderBy('number')
        .select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as ExecutionAttempt);
    },
    async reviews({ open }) {
      const rows = await db('review')
        .where({ open })
        .orderBy('recommendation')
        .select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Review);
    },
    async saveReview(review) {
      await db('review')
        .insert({
          recommendation: review.recommendationId,
          open: review.reviewedBy === null,
          document: JSON.stringify(review),
        })
        .onConflict('recommendation')
        .merge();
    },
    killSwitch: async () => killSwitchOf(await settingRepository(db).get(KILL_SWITCH)),
    setKillSwitch: (state) => settingRepository(db).set(KILL_SWITCH, { ...state }),
    async insertVerification(verification) {
      const row = await db('execution')
        .where({ id: verification.executionId })
        .first<{ recommendation: string } | undefined>('recommendation');
      if (row === undefined) throw new Error(`there is no execution ${verification.executionId} to verify`);
      await db('verification').insert({ recommendation: row.recommendation, document: JSON.stringify(verification) });
    },
    async verification(recommendation) {
      const row = await db('verification')
        .where({ recommendation })
        .first<{ document: string } | undefined>('document');
      return row === undefined ? null : (JSON.parse(row.document) as Verification);
    },
    auditHead: () => auditHead(db),
    insertAudit: (entry) => insertAudit(db, entry),
  };
}

function executionRow(execution: Execution): { state: string; queued_at_ms: number; document: string } {
  return { state: execution.state, queued_at_ms: execution.queuedAtMs, document: JSON.stringify(execution) };
}
