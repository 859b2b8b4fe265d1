import type { FindingSubject } from '../domain/finding.js';
import type { AdmissionVerdict, LearningState } from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import { givenUp, startLearning } from './learning.js';

/** What a learning period looks like from outside its counts. */
export interface LearningConditions {
  /** What the e-detectors still need to know their own resolution, in words. */
  readonly missing: readonly string[];
  /** Waits that nothing shortens. */
  readonly season: readonly string[];
  /** Signals whose e-detector fired inside the learning period. */
  readonly unsteady: readonly FindingSubject[];
  /** The last evaluation found something badly wrong. */
  readonly failing: boolean;
  /** Share of rows an isolation forest sets apart from the rest. Asked last, for the forest has to be grown. */
  readonly strangeShare: () => number;
}

/** A learning period with more rows set apart than this is contaminated. */
const MOST_STRANGE_ROWS = 0.1;
/** A learning period is extended for blocks to become independent up to this many times the samples it needs. */
const EXTENSION = 2;

/**
 * The last word before a baseline is admitted: the counts alone would admit it; it must also be steady by the e-detectors
 * themselves, long enough for its own resolution, and not learnt from a failing or two-faced model.
 * @param samples calls in the learning period
 * @returns why not, or null when nothing speaks against it
 */
function admissionVerdict(
  samples: number,
  conditions: LearningConditions,
  requirements: BaselineRequirements,
): Exclude<AdmissionVerdict, { kind: 'admitted' }> | null {
  const wait = (missing: readonly string[]): Extract<AdmissionVerdict, { kind: 'learning' }> => ({
    kind: 'learning',
    samples,
    requiredSamples: requirements.minimumSamples,
    missing,
  });
  if (conditions.unsteady.length > 0) {
    const reason = `${conditions.unsteady.join(', ')} changed while being learnt, so this is no steady normal. Learning starts over.`;
    return { kind: 'refused', reasons: [reason] };
  }
  if (conditions.failing) return wait(['answers without serious findings: a failing model shows no normal']);
  if (conditions.season.length > 0) return wait(conditions.season);
  if (conditions.missing.length > 0 && samples < EXTENSION * requirements.minimumSamples)
    return wait(conditions.missing);
  const strangeShare = conditions.strangeShare();
  if (strangeShare <= MOST_STRANGE_ROWS) return null;
  const share = (100 * strangeShare).toFixed(0);
  return wait([`an even lot of rows: the isolation forest sets ${share} % of them apart from the rest`]);
}

/** A learning period whose counts would admit it, after `admissionVerdict`: as it was, made to wait, or begun anew. */
export function confirmAdmission(
  learning: LearningState,
  conditions: LearningConditions,
  requirements: BaselineRequirements,
): LearningState {
  if (learning.verdict.kind !== 'admitted') return learning;
  const verdict = admissionVerdict(learning.profile.calls, conditions, requirements);
  if (verdict === null) return learning;
  if (verdict.kind === 'learning') return { ...learning, verdict };
  const anew = startLearning(learning.nextVersion, requirements, learning.learntFromMs);
  return { ...anew, golden: learning.golden, ...givenUp(learning.profile, verdict.reasons.join(' ')) };
}
