import type { Knex } from 'knex';
import type { DecisionFilter } from '../domain/ports.js';
import type { Recommendation, RecommendationState } from '../domain/recommendation.js';
import { recommendationCodec } from './codecs/recommendation.js';
import { readDocument } from './documents.js';

export interface StoredRecommendation {
  readonly id: string;
  readonly incident: string;
  readonly model: string;
  readonly state: RecommendationState;
  readonly document: string;
}

/** The state column is the truth; the document keeps what was proposed. */
export const readRecommendation = ({ id, incident, model, state, document }: StoredRecommendation): Recommendation => ({
  ...readDocument(
    recommendationCodec,
    document,
    { table: 'recommendation', row: id, model: null },
    { id, incident, model },
  ),
  state,
});

/** What is read of a recommendation. */
export const RECOMMENDATION_COLUMNS = ['id', 'incident', 'model', 'state', 'document'].map(
  (name) => `recommendation.${name}`,
);

/** The recommendations a filter is about, newest first. */
export const selectRecommendations = (db: Knex, filter: DecisionFilter): Promise<readonly StoredRecommendation[]> =>
  db('recommendation')
    .modify((query: Knex.QueryBuilder) => void narrowed(query, filter))
    .select<StoredRecommendation[]>(RECOMMENDATION_COLUMNS);

/** Narrows a query of recommendations to a filter. */
export function narrowed(
  query: Knex.QueryBuilder,
  { incident, model, states, limit }: DecisionFilter,
): Knex.QueryBuilder {
  void query.orderBy([{ column: 'created_at_ms', order: 'desc' }, { column: 'id' }]).limit(limit);
  if (incident !== undefined) void query.where({ incident });
  if (model !== undefined) void query.where({ model });
  if (states !== undefined) void query.whereIn('state', [...states]);
  return query;
}
