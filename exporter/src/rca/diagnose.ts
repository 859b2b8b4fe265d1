import { quotedNames, wholePercent } from '../domain/quantity-text.js';
import { blamesNothing, familyOf, type Cause, type Diagnosis, type EvidenceStatement } from '../domain/cause.js';
import type { Symptoms } from '../domain/symptoms.js';
import { directionOf } from './causes/cause-definition.js';
import { hypotheses, unestablishedHypotheses, type Hypothesised } from './hypotheses.js';
import type { CauseWeights } from './causes/cause-weights.js';
import { WEIGHTS } from './causes/weights.js';
import { estimateImpact } from './impact.js';
import { assessSeverity } from './severity.js';
import { INDICATORS } from './indicators/index.js';

/** Probability below which a cause is left out once three are listed. */
const MIN_LISTED_PROBABILITY = 0.005;
/** Log-odds below which a statement is left out: it moves the odds by less than a sixth. */
const MIN_STATEMENT_LOG_ODDS = 0.15;
/** Share of the strongest statement's log-odds below which another is left out. */
const MIN_SHARE_OF_STRONGEST = 1 / 3;
/** Statements for, and statements against, that a cause carries at most. */
const MAX_STATEMENTS = 6;
/** Log-odds given to a lead indicator that has no weight: without it the hypothesis would not exist, so it is listed. */
const MIN_LEAD_LOG_ODDS = 0.01;
/** Probability of all causes together while nothing is established: they are runners-up, and none can come first. */
const UNESTABLISHED_PROBABILITY = 0.05;

interface Scored {
  readonly candidate: Hypothesised;
  readonly logOdds: number;
  readonly probability: number;
}

/**
 * Scores every cause on the same symptoms: its prior plus the fitted weight of every indicator, then softmax over all of them
 * (conditional logit, McFadden 1974), "unknown" and "nothing is wrong" included. The most probable comes first; those with next to no
 * probability are dropped.
 */
export function diagnose(symptoms: Symptoms, weights: CauseWeights = WEIGHTS): Diagnosis {
  const unestablished = unestablishedHypotheses(symptoms);
  const left = unestablished.length === 0 ? 0 : UNESTABLISHED_PROBABILITY;
  const scored = [...softmax(hypotheses(symptoms), 1 - left, weights), ...softmax(unestablished, left, weights)];
  const causes = scored
    .map((entry) => causeOf(entry, symptoms, weights))
    .sort((a, b) => b.probability - a.probability)
    .filter(({ probability }, rank) => rank < 3 || probability >= MIN_LISTED_PROBABILITY);
  const [winner] = causes;
  // What labels count that are wrong themselves harms nobody yet.
  const impact = winner?.id === 'labels-wrong' ? null : estimateImpact(symptoms);
  const { severity, reason } = assessSeverity(symptoms, winner?.id ?? 'none', impact);
  return {
    modelId: symptoms.modelId,
    atMs: symptoms.atMs,
    window: symptoms.window,
    severity,
    severityReason: reason,
    sinceMs: severity === 'none' ? null : sinceOf(winner, symptoms),
    // Where nothing was found, an interval that excludes zero is the one in twenty that does so by chance.
    impact: severity === 'none' ? null : impact,
    causes,
    findings: symptoms.findings,
    features: winner?.features ?? [],
    repairs: symptoms.features.flatMap(({ feature, hint }) => (hint === null ? [] : [{ feature, ...hint }])),
    segments: symptoms.segments,
    decomposition: symptoms.decomposition,
    attributions: symptoms.attributions,
    experiment: symptoms.experiment,
    surrogate: symptoms.surrogate,
    changes: symptoms.changes,
    unexplained: unexplainedBy(winner, symptoms),
    blindSpots: symptoms.blindSpots,
  };
}

/** When failures rose, for a cause of those; when the features it blames changed; else when the model did, by the evidence over time. */
function sinceOf(winner: Cause | undefined, { service, features, changePoint }: Symptoms): number | null {
  const isOfCalls = winner !== undefined && familyOf(winner.id) === 'service';
  const ofCalls = isOfCalls ? service.failingSinceMs : null;
  const [ofInputs = null] = features.flatMap(({ feature, hint }) =>
    winner?.features.includes(feature) === true ? (hint?.sinceMs ?? []) : [],
  );
  return ofCalls ?? ofInputs ?? changePoint?.atMs ?? null;
}

/** Softmax over the candidates, which share `whole`. */
function softmax(some: readonly Hypothesised[], whole: number, weights: CauseWeights): Scored[] {
  const odds = some.map((candidate) => logOddsOf(candidate, weights));
  const highest = Math.max(...odds);
  const total = odds.reduce((sum, logOdds) => sum + Math.exp(logOdds - highest), 0);
  return some.map((candidate, i) => {
    const logOdds = odds[i] ?? 0;
    return { candidate, logOdds, probability: (whole * Math.exp(logOdds - highest)) / total };
  });
}

/** Prior plus weighted indicators, over the temperature. */
function logOddsOf(
  { definition, hypothesis, indicators }: Hypothesised,
  { causes, temperature }: CauseWeights,
): number {
  const [prior = 0, ...weights] = causes[hypothesis.weighedAs ?? definition.id] ?? [];
  return weights.reduce((sum, weight, i) => sum + weight * (indicators[i] ?? 0), prior) / temperature;
}

function causeOf({ candidate, logOdds, probability }: Scored, symptoms: Symptoms, weights: CauseWeights): Cause {
  const { definition, hypothesis } = candidate;
  const statements = statementsOf(candidate, symptoms, weights);
  return {
    id: definition.id,
    title: hypothesis.title,
    logOdds,
    probability,
    supporting: statements.filter((statement) => statement.logOdds > 0).slice(0, MAX_STATEMENTS),
    refuting: statements.filter((statement) => statement.logOdds < 0).slice(0, MAX_STATEMENTS),
    features: hypothesis.features,
    segments: hypothesis.segments,
    shareExplained: hypothesis.shareExplained,
  };
}

/**
 * The cause's reasons, in words: its lead indicators first, then by weight. An indicator is a reason only where the cause says so
 * and the weights agree. What is absent speaks against a cause only where the cause would not be thought of without it: else a
 * mere fact of health would be held against it.
 */
function statementsOf(
  { definition, hypothesis, indicators }: Hypothesised,
  symptoms: Symptoms,
  { causes, temperature }: CauseWeights,
): EvidenceStatement[] {
  const [, ...fitted] = causes[hypothesis.weighedAs ?? definition.id] ?? [];
  const { leadIndicators } = definition;
  const reasons = INDICATORS.flatMap((indicator, i) => {
    const value = indicators[i] ?? 0;
    const side = Math.sign(value) * directionOf(definition, indicator.id);
    const weighed = ((fitted[i] ?? 0) * value) / temperature;
    const isLead = leadIndicators.includes(indicator.id);
    const isGround = isLead && side > 0;
    if (side === 0 || (side !== Math.sign(weighed) && !isGround)) return [];
    if (side < 0 && value < 0 && !isLead) return [];
    const text = value > 0 ? indicator.whenTrue(symptoms, hypothesis) : indicator.whenFalse(symptoms, hypothesis);
    if (text === '') return [];
    const logOdds = isGround ? Math.max(weighed, MIN_LEAD_LOG_ODDS) : weighed;
    const rank = isGround ? leadIndicators.indexOf(indicator.id) : leadIndicators.length;
    return [{ text, logOdds, indicator: indicator.id, source: indicator.source, rank, isGround }];
  });
  const least = Math.max(
    MIN_STATEMENT_LOG_ODDS,
    MIN_SHARE_OF_STRONGEST * Math.max(...reasons.map(({ logOdds }) => Math.abs(logOdds))),
  );
  return reasons
    .filter(({ logOdds, isGround }) => isGround || Math.abs(logOdds) >= least)
    .sort((a, b) => a.rank - b.rank || Math.abs(b.logOdds) - Math.abs(a.logOdds))
    .map(({ text, logOdds, indicator, source }) => ({ text, logOdds, indicator, source }));
}

/** What the winner does not account for: a low confidence of a model that is unstable, inputs that moved while calls fail, the rest of a measured drop, or that nothing fits. */
function unexplainedBy(winner: Cause | undefined, symptoms: Symptoms): string | null {
  if (symptoms.findings.every(({ kind }) => kind === 'note')) return null;
  if (winner === undefined || blamesNothing(winner.id))
    return 'The findings fit no known cause well enough to name one.';
  const unsure = symptoms.findings.find(({ detector }) => detector === 'low-confidence');
  if (winner.id === 'unstable-model' && unsure !== undefined)
    return `It does not explain that the model is unsure besides. ${unsure.sentence}`;
  const moved = symptoms.features.filter(({ feature, reported }) => reported && !winner.features.includes(feature));
  if (familyOf(winner.id) === 'service' && moved.length > 0)
    return `It does not explain that ${quotedNames(moved.map(({ feature }) => feature))} moved: that may be a second fault, or other traffic.`;
  if (winner.shareExplained === null || winner.shareExplained >= 0.95) return null;
  return `About ${wholePercent(1 - winner.shareExplained)} of the drop is not explained by this cause.`;
}
