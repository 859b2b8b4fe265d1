import type { RecommendationRecord } from '../domain/decision-record.js';
import { NotFound } from '../domain/errors.js';
import type { RecommendationId } from '../domain/identifiers.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';

/** @throws NotFound */
export async function recommendationIn(
  transaction: GovernanceTransaction,
  id: RecommendationId,
): Promise<Recommendation> {
  const recommendation = await transaction.recommendation(id);
  if (recommendation === null) throw new NotFound(`there is no recommendation "${id}"`, 'recommendation_id');
  return recommendation;
}

/** The recommendation and all that belongs to it as the transaction leaves it; without a dry run, for which a target would have to be asked. */
export async function committedRecord(
  transaction: GovernanceTransaction,
  recommendation: Recommendation,
): Promise<RecommendationRecord> {
  const { id } = recommendation;
  const execution = await transaction.execution(id);
  return {
    recommendation,
    votes: await transaction.votes(id),
    execution,
    attempts: execution === null ? [] : await transaction.attempts(execution.id),
    verification: await transaction.verification(id),
    dryRun: null,
  };
}
