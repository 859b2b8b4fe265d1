import type { AlertEvidence } from '../domain/alert-evidence.js';
import { blamesNothing, type Diagnosis, type Explanation } from '../domain/cause.js';
import type { UnalertedChange } from '../domain/model-status.js';
import { compareSeverity } from '../domain/severity.js';
import { notYetText } from '../explanation/evidence-text.js';

/** Probability from which a cause that may not alert yet is told as what is the matter. */
const STRONG_CAUSE = 0.9;
/** The same where the harm was counted: that it is there is certain, whatever it comes from. */
const LIKELY_CAUSE = 0.5;

/**
 * A change with a cause that is all but certain and does harm. It may still alert nobody: there is not enough evidence, or evidence
 * does not count yet.
 * @param evidence what was gathered over time; null for an evaluation of one moment
 */
export function unalertedChange(
  { causes: [first], severity, impact }: Diagnosis,
  { headline }: Explanation,
  evidence: AlertEvidence | null,
): UnalertedChange | null {
  const least = impact?.basis === 'counted' ? LIKELY_CAUSE : STRONG_CAUSE;
  if (first === undefined || blamesNothing(first.id) || first.probability < least) return null;
  if (compareSeverity(severity, 'medium') < 0) return null;
  // Every signal is as it was again: what is left of the change in the window is past.
  if (evidence?.recovered === true) return null;
  return { severity, cause: first.id, headline: `${headline} ${notYetText(evidence)}` };
}
