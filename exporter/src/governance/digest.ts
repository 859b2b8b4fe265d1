import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import type { Json } from '../domain/json.js';
import type { Recommendation } from '../domain/recommendation.js';

/** Everything of a revision an approver is shown and agrees to. */
function shown(recommendation: Omit<Recommendation, 'digest' | 'state'>): Readonly<Record<string, unknown>> {
  const { id, revision, incidentId, modelId, modelVersion, action, cause, title, why, steps, risk, expectedEffect } =
    recommendation;
  const { plan, verification, evidence, requiredApprovals, policy, proposedBy, followUpTo } = recommendation;
  return {
    id,
    revision,
    incidentId,
    modelId,
    modelVersion,
    action,
    cause,
    title,
    why,
    steps,
    risk,
    expectedEffect,
    plan,
    verification,
    evidence,
    requiredApprovals,
    policy,
    proposedBy: proposedBy.subject,
    followUpTo,
  };
}

/**
 * SHA-256 (hex) over the canonical JSON (RFC 8785) of exactly what an approver is shown: action, target, parameters, plan,
 * evidence, criteria, policy and its version. A vote names it, so it cannot count for anything else.
 */
export function recommendationDigest(recommendation: Omit<Recommendation, 'digest' | 'state'>): string {
  return createHash('sha256')
    .update(canonicalize(shown(recommendation)))
    .digest('hex');
}

const IDENTITY = new Set(['id', 'revision']);

/** What is different between what was shown and what is asked for now, field by field. */
export function differenceOf(before: Recommendation, now: Recommendation): Json {
  const then = shown(before);
  return Object.entries(shown(now)).flatMap(([field, value]) =>
    IDENTITY.has(field) || canonicalize(value) === canonicalize(then[field])
      ? []
      : [{ field, shown: (then[field] ?? null) as Json, now: value as Json }],
  );
}
