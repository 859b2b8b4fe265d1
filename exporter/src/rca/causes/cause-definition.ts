import type { CauseId, EvidenceStatement } from '../../domain/cause.js';
import type { DecompositionPartName, Evidence } from '../../domain/evidence.js';
import type { DetectorId, Finding } from '../../domain/finding.js';

/** One concrete version of a cause, e.g. "unit change in `income`". */
export interface Hypothesis {
  readonly title: string;
  readonly features: readonly string[];
  /** What speaks for it (positive log-odds) and against it (negative), including what it predicts and is not there. */
  readonly statements: readonly EvidenceStatement[];
  /** Share of the measured drop it accounts for; null without a measured drop. */
  readonly shareExplained: number | null;
}

/**
 * One file each. Log-odds weights: ±1 a hint, ±2 a good reason, ±4 nearly decisive, ±6 decisive. They are set by judgement
 * so far; fitting them on labelled faults is planned.
 */
export interface CauseDefinition {
  readonly id: CauseId;
  /** What one would see if this were the cause. */
  readonly predicts: string;
  /** Log-odds before any evidence: how rare it is among incidents. */
  readonly prior: number;
  /** Every version of the cause worth weighing on this evidence; empty when nothing points to it. */
  hypotheses(evidence: Evidence): readonly Hypothesis[];
}

/** Collects statements: the first text with its weight when the condition holds, else the second, if any. */
export function weigh(
  ...items: readonly (readonly [
    holds: boolean,
    text: string,
    logOdds: number,
    otherwise?: readonly [text: string, logOdds: number],
  ])[]
): EvidenceStatement[] {
  return items.flatMap(([holds, text, logOdds, otherwise]): EvidenceStatement[] => {
    if (holds) return [{ text, logOdds }];
    return otherwise === undefined ? [] : [{ text: otherwise[0], logOdds: otherwise[1] }];
  });
}

export function findingOf(evidence: Evidence, detector: DetectorId): Finding | undefined {
  return evidence.findings.find((finding) => finding.detector === detector);
}

export const has = (evidence: Evidence, detector: DetectorId): boolean => findingOf(evidence, detector) !== undefined;

/** The finding's own sentence, so that a statement carries its numbers. */
export const sentenceOf = (evidence: Evidence, detector: DetectorId): string =>
  findingOf(evidence, detector)?.sentence ?? '';

/** Golden inputs were compared and kept their answers. */
export const goldenHeld = (evidence: Evidence): boolean =>
  evidence.golden.compared > 0 && !has(evidence, 'golden-answers');

/** Most calls are answered; without answers nothing about answers can be the cause. */
export const mostlyAnswered = (evidence: Evidence): boolean => evidence.service.failures.share < 0.5;

export const driftedFeatures = (evidence: Evidence): readonly string[] =>
  evidence.features.filter(({ drifted }) => drifted).map(({ feature }) => feature);

export const quoted = (features: readonly string[]): string =>
  features
    .slice(0, 3)
    .map((feature) => `\`${feature}\``)
    .join(', ') + (features.length > 3 ? ` and ${features.length - 3} more` : '');

/** Share of the confidence drop that one part of the decomposition carries, 0–1; null without a material drop. */
export function shareOfDrop(evidence: Evidence, part: DecompositionPartName): number | null {
  const { decomposition } = evidence;
  if (decomposition === null || decomposition.total > -0.02) return null;
  const value = decomposition.parts.find(({ name }) => name === part)?.value ?? 0;
  return Math.min(1, Math.max(0, value / decomposition.total));
}
