import { blamesNothing, type Diagnosis } from '../domain/cause.js';
import type { Fingerprint } from '../domain/incident.js';

/** Weights of the kinds of facts in a fingerprint; findings carry their direction as a sign. */
const CAUSE = 1;
const FINDING = 0.5;
const FEATURE = 0.4;

/** Sparse signed description of a diagnosis: its cause, the features to blame, and every finding with its direction. */
export function fingerprint(diagnosis: Diagnosis): Fingerprint {
  const print: Record<string, number> = {};
  const [winner] = diagnosis.causes;
  if (winner !== undefined && !blamesNothing(winner.id)) print[`cause:${winner.id}`] = CAUSE;
  for (const feature of diagnosis.features.slice(0, 10)) print[`feature:${feature.slice(0, 100)}`] = FEATURE;
  for (const finding of diagnosis.findings.slice(0, 50)) {
    const sign = finding.direction === 'down' ? -1 : 1;
    print[`finding:${finding.detector}:${finding.subject.slice(0, 100)}`] = sign * FINDING;
  }
  return print;
}
