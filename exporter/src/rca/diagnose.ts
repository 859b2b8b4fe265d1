import { blamesNothing, type Cause, type Diagnosis, type EvidenceStatement } from '../domain/cause.js';
import type { Symptoms } from '../domain/symptoms.js';
import { hypotheses, doubtfulHypotheses, type Hypothesised } from './hypotheses.js';
import type { CauseWeights } from './causes/cause-weights.js';
import { WEIGHTS } from './causes/weights.js';
import { estimateImpact } from './impact.js';
import { judgeSeverity } from './severity.js';
import { INDICATORS } from './indicators/index.js';

const UNLIKELY = 0.005;
/** A statement that moves the odds by less than this (a sixth) is not worth telling. */
const WORTH_TELLING = 0.15;
/** Nor one that moves them by less than this part of the strongest: at night the weighty ones must not drown. */
const PART_OF_STRONGEST = 1 / 3;
const TOLD = 6;
/** A indicator the hypothesis would not exist without weighs nothing against others of its kind, and is still what points to it. */
const LEAST_OF_ITS_OWN = 0.01;

/** Probability left to all causes together while nothing is established: enough to be read as runners-up, never to be named. */
const DOUBT = 0.05;

interface Scored {
  readonly candidate: Hypothesised;
  readonly logOdds: number;
  readonly probability: number;
}

/**
 * Scores every cause on the same evidence: its prior plus the fitted weight of every indicator, then softmax over all of them
 * (conditional logit, McFadden 1974), "unknown" and "nothing is wrong" included. The most probable comes first; those with next to no
 * probability are dropped.
 */
export function diagnose(evidence: Symptoms, weights: CauseWeights = WEIGHTS): Diagnosis {
  const doubted = doubtfulHypotheses(evidence);
  const doubt = doubted.length === 0 ? 0 : DOUBT;
  const scored = [...shared(hypotheses(evidence), 1 - doubt, weights), ...shared(doubted, doubt, weights)];
  const causes = scored
    .map((entry) => causeOf(entry, evidence, weights))
    .sort((a, b) => b.probability - a.probability)
    .filter(({ probability }, rank) => rank < 3 || probability >= UNLIKELY);
  const [winner] = causes;
  const impact = estimateImpact(evidence);
  const { severity, reason } = judgeSeverity(evidence, winner?.id ?? 'none', impact);
  return {
    modelId: evidence.modelId,
    atMs: evidence.atMs,
    window: evidence.window,
    severity,
    severityReason: reason,
    impact,
    causes,
    findings: evidence.findings,
    features: winner?.features ?? [],
    repairs: evidence.features.flatMap(({ feature, hint }) => (hint === null ? [] : [{ feature, ...hint }])),
    segments: evidence.segments,
    decomposition: evidence.decomposition,
    attributions: evidence.attributions,
    experiment: evidence.experiment,
    surrogate: evidence.surrogate,
    changes: evidence.changes,
    unexplained: unexplainedBy(winner, evidence),
    blindSpots: evidence.blindSpots,
  };
}

/** Softmax over the candidates, which share `whole`. */
function shared(some: readonly Hypothesised[], whole: number, weights: CauseWeights): Scored[] {
  const odds = some.map((candidate) => logOddsOf(candidate, weights));
  const highest = Math.max(...odds);
  const total = odds.reduce((sum, logOdds) => sum + Math.exp(logOdds - highest), 0);
  return some.map((candidate, i) => {
    const logOdds = odds[i] ?? 0;
    return { candidate, logOdds, probability: (whole * Math.exp(logOdds - highest)) / total };
  });
}

/** Prior plus weighted indicators, over the temperature. */
export function logOddsOf({ definition, indicators }: Hypothesised, { causes, temperature }: CauseWeights): number {
  const [prior = 0, ...weights] = causes[definition.id] ?? [];
  return weights.reduce((sum, weight, i) => sum + weight * (indicators[i] ?? 0), prior) / temperature;
}

function causeOf({ candidate, logOdds, probability }: Scored, evidence: Symptoms, weights: CauseWeights): Cause {
  const { definition, hypothesis } = candidate;
  const statements = statementsOf(candidate, evidence, weights);
  return {
    id: definition.id,
    title: hypothesis.title,
    logOdds,
    probability,
    supporting: statements.filter((statement) => statement.logOdds > 0).slice(0, TOLD),
    refuting: statements.filter((statement) => statement.logOdds < 0).slice(0, TOLD),
    features: hypothesis.features,
    segments: hypothesis.segments,
    shareExplained: hypothesis.shareExplained,
  };
}

/** What each indicator contributes, in words: the cause's own indicators first, then by weight. */
function statementsOf(
  { definition, hypothesis, indicators }: Hypothesised,
  evidence: Symptoms,
  { causes, temperature }: CauseWeights,
): EvidenceStatement[] {
  const [, ...fitted] = causes[definition.id] ?? [];
  const moves = indicators.map((value, i) => Math.abs((fitted[i] ?? 0) * value) / temperature);
  const least = Math.max(WORTH_TELLING, PART_OF_STRONGEST * Math.max(...moves));
  return INDICATORS.flatMap((indicator, i) => {
    const value = indicators[i] ?? 0;
    const logOdds = ((fitted[i] ?? 0) * value) / temperature;
    const isTelling = definition.leadIndicators.includes(indicator.id) && value > 0;
    if (Math.abs(logOdds) < least && !isTelling) return [];
    const text = value > 0 ? indicator.whenTrue(evidence, hypothesis) : indicator.whenFalse(evidence, hypothesis);
    const rank = isTelling ? definition.leadIndicators.indexOf(indicator.id) : definition.leadIndicators.length;
    return text === ''
      ? []
      : [
          {
            text,
            logOdds: isTelling ? Math.max(logOdds, LEAST_OF_ITS_OWN) : logOdds,
            indicator: indicator.id,
            source: indicator.source,
            rank,
          },
        ];
  })
    .sort((a, b) => a.rank - b.rank || Math.abs(b.logOdds) - Math.abs(a.logOdds))
    .map(({ text, logOdds, indicator, source }) => ({ text, logOdds, indicator, source }));
}

/** What the winner does not account for: the rest of a measured drop, or that nothing fits. */
function unexplainedBy(winner: Cause | undefined, evidence: Symptoms): string | null {
  if (evidence.findings.length === 0) return null;
  if (winner === undefined || blamesNothing(winner.id))
    return 'The findings fit no known cause well enough to name one.';
  if (winner.shareExplained === null || winner.shareExplained >= 0.95) return null;
  return `About ${(100 * (1 - winner.shareExplained)).toFixed(0)} % of the drop is not accounted for by this cause.`;
}
