import type { Knex } from 'knex';
import type { Codec } from '../domain/codec.js';
import type { DecisionRecord } from '../domain/decision-record.js';
import type { DecisionRepository } from '../domain/ports.js';
import type { RecommendationState } from '../domain/recommendation.js';
import { attemptCodec, executionCodec, verificationCodec, voteCodec } from './codecs/decision.js';
import { NOTHING_ASIDE, readable, readDocument, type SetAside } from './documents.js';
import { narrowed, readRecommendation, RECOMMENDATION_COLUMNS, type StoredRecommendation } from './recommendations.js';

interface Belonging extends Readonly<Record<string, string | number>> {
  readonly recommendation: string;
  readonly document: string;
}

interface UnderWay {
  readonly state: RecommendationState;
  readonly queuedAtMs: number | null;
  readonly sentAtMs: number | null;
}

/** Documents by the recommendation they belong to, in the order of the rows. */
function byRecommendation<T>(
  table: string,
  codec: Codec<T>,
  rows: readonly Belonging[],
): (recommendation: string) => readonly T[] {
  const found = new Map<string, Belonging[]>();
  for (const row of rows) {
    const known = found.get(row.recommendation) ?? [];
    known.push(row);
    found.set(row.recommendation, known);
  }
  return (recommendation) =>
    (found.get(recommendation) ?? []).map((row) =>
      readDocument(codec, row.document, { table, row: `of ${recommendation}`, model: null }, row),
    );
}

/** The selected recommendations with everything that became of them: five statements, however many there are. */
async function read(
  db: Knex,
  select: (query: Knex.QueryBuilder) => void,
  setAside: SetAside,
): Promise<readonly DecisionRecord[]> {
  const rows = await db('recommendation').modify(select).select<StoredRecommendation[]>(RECOMMENDATION_COLUMNS);
  if (rows.length === 0) return [];
  // A derived table, because an IN over a subquery with LIMIT is not standard SQL.
  const ids = (query: Knex.QueryBuilder): void =>
    void query.select('id').from(db('recommendation').modify(select).select('id').as('selected'));
  const belonging = (table: string, order: string, ...key: readonly string[]): Promise<Belonging[]> =>
    db(table)
      .whereIn('recommendation', ids)
      .orderBy(order)
      .select<Belonging[]>(...key, 'recommendation', 'document');
  const votesOf = byRecommendation('vote', voteCodec, await belonging('vote', 'at_ms', 'id'));
  const executionsOf = byRecommendation(
    'execution',
    executionCodec,
    await belonging('execution', 'queued_at_ms', 'id'),
  );
  const verificationsOf = byRecommendation(
    'verification',
    verificationCodec,
    await belonging('verification', 'recommendation'),
  );
  const attempts = await db('execution_attempt')
    .join('execution', 'execution.id', 'execution_attempt.execution')
    .whereIn('execution.recommendation', ids)
    .orderBy('execution_attempt.number')
    .select<Belonging[]>(
      'execution.recommendation as recommendation',
      'execution_attempt.execution as execution',
      'execution_attempt.number as number',
      'execution_attempt.document as document',
    );
  const attemptsOf = byRecommendation('execution_attempt', attemptCodec, attempts);
  const recordOf = (row: StoredRecommendation): DecisionRecord => {
    const recommendation = readRecommendation(row);
    return {
      recommendation,
      votes: votesOf(recommendation.id),
      execution: executionsOf(recommendation.id).at(0) ?? null,
      attempts: attemptsOf(recommendation.id),
      verification: verificationsOf(recommendation.id).at(0) ?? null,
    };
  };
  return readable(rows, recordOf, setAside);
}

export function decisionRepository(db: Knex, setAside: SetAside): DecisionRepository {
  return {
    get: async (id) => (await read(db, (query) => void query.where({ id }), NOTHING_ASIDE)).at(0) ?? null,
    list: (filter) => read(db, (query) => void narrowed(query, filter), setAside),
    async isActionUnderWay(incident, sentSinceMs = -Infinity) {
      // Not one that is approved and waits to be sent: it ends with the cause it was approved for. Of columns only: it is
      // known also where a document is damaged, and nobody then settles what came of it.
      const found = await db('recommendation')
        .leftJoin('execution', 'execution.recommendation', 'recommendation.id')
        .leftJoin('execution_attempt', 'execution_attempt.execution', 'execution.id')
        .where({ incident })
        .whereIn('recommendation.state', ['dispatching', 'succeeded'])
        .groupBy('recommendation.id', 'recommendation.state')
        .select('recommendation.state as state')
        .max<UnderWay[]>({ queuedAtMs: 'execution.queued_at_ms', sentAtMs: 'execution_attempt.at_ms' });
      return found.some(
        ({ state, queuedAtMs, sentAtMs }) =>
          state === 'succeeded' || Math.max(queuedAtMs ?? -Infinity, sentAtMs ?? -Infinity) >= sentSinceMs,
      );
    },
  };
}
