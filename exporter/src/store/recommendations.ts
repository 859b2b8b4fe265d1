import type { Recommendation, RecommendationState } from '../domain/recommendation.js';
import { recommendationCodec } from './codecs/recommendation.js';
import { readDocument } from './documents.js';

export interface StoredRecommendation {
  readonly id: string;
  readonly state: RecommendationState;
  readonly document: string;
}

/** The state column is the truth; the document keeps what was proposed. */
export const readRecommendation = ({ id, state, document }: StoredRecommendation): Recommendation => ({
  ...readDocument(recommendationCodec, document, { table: 'recommendation', row: id, model: null }),
  state,
});
