import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import type { Proposal } from '../domain/recommendation.js';

/**
 * SHA-256 (hex) over the canonical JSON (RFC 8785) of exactly what an approver is shown. A vote names it, so it cannot
 * count for anything else.
 */
export function proposalDigest(id: string, revision: number, proposal: Proposal, requiredApprovals: number): string {
  const { action, cause, title, why, steps, risk, expectedEffect, plan, verification } = proposal;
  const shown = {
    id,
    revision,
    action,
    cause,
    title,
    why,
    steps,
    risk,
    expectedEffect,
    plan,
    verification,
    requiredApprovals,
  };
  return createHash('sha256').update(canonicalize(shown)).digest('hex');
}
