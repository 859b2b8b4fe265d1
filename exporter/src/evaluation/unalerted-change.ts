import { isWithoutSign, type AlertEvidence } from '../domain/alert-evidence.js';
import { attributedFindings, blamesNothing, type Diagnosis, type Explanation } from '../domain/cause.js';
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
 * @param pages what is found alerts once it is found again
 */
export function unalertedChange(
  diagnosis: Diagnosis,
  { headline }: Explanation,
  evidence: AlertEvidence | null,
  pages: boolean,
): UnalertedChange | null {
  const { causes, severity, impact } = diagnosis;
  const [first] = causes;
  const least = impact?.basis === 'counted' ? LIKELY_CAUSE : STRONG_CAUSE;
  if (first === undefined || blamesNothing(first.id) || first.probability < least) return null;
  if (compareSeverity(severity, 'medium') < 0) return null;
  // Every signal is as it was again: what is left of the change in the window is past.
  if (evidence?.recovered === true) return null;
  if (evidence !== null && isDenied(diagnosis, evidence)) return null;
  return { severity, cause: first.id, headline: `${headline} ${notYetText(evidence, pages)}` };
}

/**
 * All that is blamed is watched over time, and there is no sign of a change: a comparison of one window that says otherwise is one
 * of many that are made.
 */
function isDenied(diagnosis: Diagnosis, evidence: AlertEvidence): boolean {
  if (!isWithoutSign(evidence)) return false;
  const blamed = attributedFindings(diagnosis).map(({ subject }) => subject);
  const watched = new Set(evidence.signals.filter(({ watch }) => watch === 'watching').map(({ subject }) => subject));
  return blamed.length > 0 && blamed.every((subject) => watched.has(subject));
}
