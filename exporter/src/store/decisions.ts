import type { Knex } from 'knex';
import type { DecisionRecord, Execution, ExecutionAttempt, Verification, Vote } from '../domain/decision.js';
import type { DecisionFilter, DecisionRepository } from '../domain/ports.js';
import type { Recommendation, RecommendationState } from '../domain/recommendation.js';

export interface StoredRecommendation {
  readonly state: RecommendationState;
  readonly document: string;
}

/** The state column is the truth; the document keeps what was proposed. */
export const recommendationOf = (row: StoredRecommendation): Recommendation => ({
  ...(JSON.parse(row.document) as Recommendation),
  state: row.state,
});

/** The recommendations a filter is about, newest first. */
export function selectRecommendations(
  db: Knex,
  { incident, model, states, limit }: DecisionFilter,
): Knex.QueryBuilder<StoredRecommendation> {
  const query = db('recommendation')
    .orderBy([{ column: 'created_at_ms', order: 'desc' }, { column: 'id' }])
    .limit(limit);
  if (incident !== undefined) void query.where({ incident });
  if (model !== undefined) void query.where({ model });
  if (states !== undefined) void query.whereIn('state', [...states]);
  return query;
}

interface Belonging {
  readonly recommendation: string;
  readonly document: string;
}

/** Documents by the recommendation they belong to, in the order of the rows. */
function byRecommendation<T>(rows: readonly Belonging[]): (id: string) => readonly T[] {
  const found = new Map<string, T[]>();
  for (const { recommendation, document } of rows) {
    const known = found.get(recommendation) ?? [];
    known.push(JSON.parse(document) as T);
    found.set(recommendation, known);
  }
  return (id) => found.get(id) ?? [];
}

/** The selected recommendations with everything that became of them: five statements, however many there are. */
async function read(db: Knex, selected: Knex.QueryBuilder): Promise<readonly DecisionRecord[]> {
  const recommendations = (await selected.clone().select<StoredRecommendation[]>('state', 'document')).map(
    recommendationOf,
  );
  if (recommendations.length === 0) return [];
  // A derived table, because an IN over a subquery with LIMIT is not standard SQL.
  const ids = (): Knex.QueryBuilder => db.select('id').from(selected.clone().select('id').as('selected'));
  const belonging = (table: string): Knex.QueryBuilder => db(table).whereIn('recommendation', ids());
  const columns = ['recommendation', 'document'] as const;
  const votesOf = byRecommendation<Vote>(
    await belonging('vote')
      .orderBy('at_ms')
      .select<Belonging[]>(...columns),
  );
  const executionsOf = byRecommendation<Execution>(await belonging('execution').select<Belonging[]>(...columns));
  const attemptsOf = byRecommendation<ExecutionAttempt>(
    await db('execution_attempt')
      .join('execution', 'execution.id', 'execution_attempt.execution')
      .whereIn('execution.recommendation', ids())
      .orderBy('execution_attempt.number')
      .select<Belonging[]>('execution.recommendation as recommendation', 'execution_attempt.document as document'),
  );
  const verificationsOf = byRecommendation<Verification>(
    await belonging('verification').select<Belonging[]>(...columns),
  );
  return recommendations.map((recommendation) => ({
    recommendation,
    votes: votesOf(recommendation.id),
    execution: executionsOf(recommendation.id).at(0) ?? null,
    attempts: attemptsOf(recommendation.id),
    verification: verificationsOf(recommendation.id).at(0) ?? null,
  }));
}

export function decisionRepository(db: Knex): DecisionRepository {
  return {
    get: async (id) => (await read(db, db('recommendation').where({ id }))).at(0) ?? null,
    list: (filter) => read(db, selectRecommendations(db, filter)),
    async isActionUnderWay(incident) {
      const found = await db('recommendation')
        .where({ incident })
        .andWhere((query) =>
          query.where('state', 'succeeded').orWhere((open) =>
            open
              .whereIn('state', ['approved', 'dispatching'])
              // Advice has no execution before somebody reports on it.
              .whereExists(db('execution').select('id').whereRaw('execution.recommendation = recommendation.id')),
          ),
        )
        .first<{ id: string } | undefined>('id');
      return found !== undefined;
    },
  };
}
