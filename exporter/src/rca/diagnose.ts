import type { Cause, CauseId, Diagnosis } from '../domain/cause.js';
import type { Evidence } from '../domain/evidence.js';
import type { CauseDefinition, Hypothesis } from './causes/cause-definition.js';
import { CAUSES } from './causes/index.js';
import { judgeSeverity } from './severity.js';

const UNLIKELY = 0.005;

interface Scored {
  readonly id: CauseId;
  readonly hypothesis: Hypothesis;
  readonly logOdds: number;
}

/**
 * Scores every cause on the same evidence: prior plus the sum of its statements' log-odds, then softmax over all of them,
 * "no cause" included. The most probable comes first; those with next to no probability are dropped.
 */
export function diagnose(evidence: Evidence): Diagnosis {
  const scored = CAUSES.flatMap((definition) => scores(definition, evidence));
  const highest = Math.max(...scored.map(({ logOdds }) => logOdds));
  const weight = scored.reduce((sum, { logOdds }) => sum + Math.exp(logOdds - highest), 0);
  const causes = scored
    .map((entry) => causeOf(entry, Math.exp(entry.logOdds - highest) / weight, evidence))
    .sort((a, b) => b.probability - a.probability)
    .filter(({ probability }, rank) => rank < 2 || probability >= UNLIKELY);
  const [winner] = causes;
  const { severity, reason } = judgeSeverity(evidence, winner?.id ?? 'none');
  return {
    modelId: evidence.modelId,
    atMs: evidence.atMs,
    window: evidence.window,
    severity,
    severityReason: reason,
    causes,
    findings: evidence.findings,
    features: winner?.features ?? [],
    segments: evidence.segments,
    decomposition: evidence.decomposition,
    attributions: evidence.attributions,
    experiment: evidence.experiment,
    changes: evidence.changes,
    unexplained: unexplainedBy(winner, evidence),
    blindSpots: evidence.blindSpots,
  };
}

function scores(definition: CauseDefinition, evidence: Evidence): Scored[] {
  return definition.hypotheses(evidence).map((hypothesis) => ({
    id: definition.id,
    hypothesis,
    logOdds: definition.prior + hypothesis.statements.reduce((sum, { logOdds }) => sum + logOdds, 0),
  }));
}

function causeOf({ id, hypothesis, logOdds }: Scored, probability: number, evidence: Evidence): Cause {
  return {
    id,
    title: hypothesis.title,
    logOdds,
    probability,
    supporting: hypothesis.statements
      .filter((statement) => statement.logOdds > 0)
      .sort((a, b) => b.logOdds - a.logOdds),
    refuting: hypothesis.statements.filter((statement) => statement.logOdds < 0).sort((a, b) => a.logOdds - b.logOdds),
    features: hypothesis.features,
    segments: hypothesis.features.length === 0 ? [] : evidence.segments.map(({ predicate }) => predicate),
    shareExplained: hypothesis.shareExplained,
  };
}

/** What the winner does not account for: the rest of a measured drop, or that nothing fits. */
function unexplainedBy(winner: Cause | undefined, evidence: Evidence): string | null {
  if (evidence.findings.length === 0) return null;
  if (winner === undefined || winner.id === 'none') return 'The findings fit no known cause well enough to name one.';
  if (winner.shareExplained === null || winner.shareExplained >= 0.95) return null;
  return `About ${(100 * (1 - winner.shareExplained)).toFixed(0)} % of the drop in confidence is not accounted for by this cause.`;
}
