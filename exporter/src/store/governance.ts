import type { Knex } from 'knex';
import type { Execution } from '../domain/decision.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import { PRIORITIES } from '../domain/recommendation.js';
import { NotFound } from '../domain/errors.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import { auditHead, insertAudit } from './audit.js';
import {
  attemptCodec,
  executionCodec,
  KILL_SWITCH,
  reviewCodec,
  verificationCodec,
  voteCodec,
} from './codecs/decision.js';
import { recommendationCodec } from './codecs/recommendation.js';
import { NOTHING_ASIDE, readable, readDocument, type SetAside } from './documents.js';
import {
  readRecommendation,
  RECOMMENDATION_COLUMNS,
  selectRecommendations,
  type StoredRecommendation,
} from './recommendations.js';
import { settingRepository } from './settings.js';

interface KeyedRow {
  readonly id: string;
  readonly recommendation: string;
  readonly document: string;
}

const KEYED_COLUMNS = ['id', 'recommendation', 'document'] as const;

const readExecution = ({ id, recommendation, document }: KeyedRow): Execution =>
  readDocument(executionCodec, document, { table: 'execution', row: id, model: null }, { id, recommendation });

export function governanceTransaction(
  db: Knex,
  setAside: SetAside,
): Omit<
  GovernanceTransaction,
  'apiKeys' | 'models' | 'incidents' | 'lessons' | 'decisions' | 'alertFeedback' | 'validations' | 'settings'
> {
  return {
    async recommendation(id) {
      const row = await db('recommendation')
        .where({ id })
        .first<StoredRecommendation | undefined>(RECOMMENDATION_COLUMNS);
      return row === undefined ? null : readRecommendation(row);
    },
    async recommendations(filter) {
      // Of one incident all are read or none: a rule about its siblings must not overlook one.
      const aside = filter.incident === undefined ? setAside : NOTHING_ASIDE;
      return readable(await selectRecommendations(db, filter), readRecommendation, aside);
    },
    async insertRecommendation(recommendation) {
      await db('recommendation').insert({
        id: recommendation.id,
        incident: recommendation.incidentId,
        model: recommendation.modelId,
        state: recommendation.state,
        priority: PRIORITIES.indexOf(recommendation.priority),
        created_at_ms: recommendation.createdAtMs,
        document: recommendationCodec.encode(recommendation),
      });
    },
    async setRecommendationState(id, state) {
      await db('recommendation').where({ id }).update({ state });
    },
    async votes(id) {
      const rows = await db('vote')
        .where({ recommendation: id })
        .orderBy('at_ms')
        .select<KeyedRow[]>(...KEYED_COLUMNS);
      return rows.map((row) =>
        readDocument(
          voteCodec,
          row.document,
          { table: 'vote', row: row.id, model: null },
          { id: row.id, recommendation: id },
        ),
      );
    },
    async insertVote(vote) {
      await db('vote').insert({
        id: vote.id,
        recommendation: vote.recommendationId,
        subject: vote.by.subject,
        verdict: vote.verdict,
        at_ms: vote.atMs,
        document: voteCodec.encode(vote),
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
      const row = await db('execution')
        .where({ recommendation })
        .first<KeyedRow | undefined>(...KEYED_COLUMNS);
      return row === undefined ? null : readExecution(row);
    },
    async executions(filter) {
      const rows = await db('execution')
        .where(filter)
        .orderBy('queued_at_ms')
        .select<KeyedRow[]>(...KEYED_COLUMNS);
      // Of one model all are read or none: what is sent next must not overlook what is being sent.
      return readable(rows, readExecution, filter.model === undefined ? setAside : NOTHING_ASIDE);
    },
    async modelsWithExecutions(states) {
      const rows = await db('execution')
        .whereIn('state', [...states])
        .distinct<{ model: ModelId }[]>('model');
      return rows.map(({ model }) => model);
    },
    async executionById(id) {
      const row = await db('execution')
        .where({ id })
        .first<KeyedRow | undefined>(...KEYED_COLUMNS);
      return row === undefined ? null : readExecution(row);
    },
    async insertAttempt(attempt) {
      const { executionId: execution, atMs } = attempt;
      const before = await db('execution_attempt')
        .where({ execution })
        .max<{ number: number | null }[]>({ number: 'number' });
      const number = Number(before[0]?.number ?? 0) + 1;
      const document = attemptCodec.encode({ ...attempt, number });
      await db('execution_attempt').insert({ execution, number, at_ms: atMs, document });
    },
    async attempts(execution) {
      const rows = await db('execution_attempt')
        .where({ execution })
        .orderBy('number')
        .select<{ number: number; document: string }[]>('number', 'document');
      return rows.map(({ number, document }) =>
        readDocument(
          attemptCodec,
          document,
          {
            table: 'execution_attempt',
            row: `${execution} number ${number}`,
            model: null,
          },
          { execution, number },
        ),
      );
    },
    async reviews({ open }) {
      const rows = await db('review')
        .where({ open })
        .orderBy('recommendation')
        .select<{ recommendation: string; document: string }[]>('recommendation', 'document');
      return readable(
        rows,
        ({ recommendation, document }) =>
          readDocument(
            reviewCodec,
            document,
            { table: 'review', row: recommendation, model: null },
            { recommendation },
          ),
        setAside,
      );
    },
    async saveReview(review) {
      await db('review')
        .insert({
          recommendation: review.recommendationId,
          open: review.reviewedBy === null,
          document: reviewCodec.encode(review),
        })
        .onConflict('recommendation')
        .merge();
    },
    killSwitch: async () =>
      (await settingRepository(db).get(KILL_SWITCH)) ?? { on: false, reason: null, by: null, atMs: null },
    setKillSwitch: (state) => settingRepository(db).set(KILL_SWITCH, state),
    async insertVerification(verification) {
      const row = await db('execution')
        .where({ id: verification.executionId })
        .first<{ recommendation: string } | undefined>('recommendation');
      if (row === undefined) throw new NotFound(`there is no execution ${verification.executionId} to verify`);
      await db('verification').insert({
        recommendation: row.recommendation,
        document: verificationCodec.encode(verification),
      });
    },
    async verification(recommendation) {
      const row = await db('verification')
        .where({ recommendation })
        .first<{ document: string } | undefined>('document');
      return row === undefined
        ? null
        : readDocument(verificationCodec, row.document, { table: 'verification', row: recommendation, model: null });
    },
    async appendTimeline(incident, { atMs, kind, text }) {
      await db('incident_timeline').insert({ incident, at_ms: atMs, kind, text });
    },
    async closedAtMs(incidents) {
      const rows = await db('incident')
        .whereIn('id', [...incidents])
        .select<{ id: IncidentId; closed_at_ms: number | null }[]>('id', 'closed_at_ms');
      const closedAtMs = new Map(incidents.map((id) => [id, Infinity]));
      for (const { id, closed_at_ms: atMs } of rows) {
        if (atMs === null) closedAtMs.delete(id);
        else closedAtMs.set(id, atMs);
      }
      return closedAtMs;
    },
    auditHead: () => auditHead(db),
    insertAudit: (entry) => insertAudit(db, entry),
  };
}

function executionRow(execution: Execution): { state: string; queued_at_ms: number; document: string } {
  return { state: execution.state, queued_at_ms: execution.queuedAtMs, document: executionCodec.encode(execution) };
}
