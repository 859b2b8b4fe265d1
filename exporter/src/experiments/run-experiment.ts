import type { IncidentId } from '../domain/identifiers.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Model } from '../domain/model.js';
import type { Features, ModelAnswer, Observation } from '../domain/observation.js';
import type { Clock, Random } from '../domain/ports.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { CohortShapley } from '../domain/row-analysis.js';
import { cohortShapley, type LoggedRow } from '../rca/attribution/cohort-shapley.js';
import { createModelCaller } from '../rca/attribution/model-caller.js';

/** What the operator allows the investigator to ask of live models. */
export interface ExperimentPolicy {
  readonly allow: boolean;
  /** Calls per investigation. */
  readonly callsBudget: number;
  readonly callsPerSecond: number;
}

export interface ExperimentPorts {
  readonly clock: Clock;
  readonly random: () => Random;
  readonly ask: (model: Model, payload: Json) => Promise<ModelAnswer>;
  /** A payload for these features, null when the model's input cannot be built from them. */
  readonly payloadFor: (model: Model, features: Features) => Json | null;
  readonly audit: (kind: string, fields: JsonObject) => Promise<void>;
}

const FEWEST_ROWS = 30;
/** More suspects than this would leave too few comparisons each; the rest move together. */
const MOST_PLAYERS = 10;
/** Failures in a row that end an experiment. */
const FAILURES_IN_ROW = 3;
/** Above this share of failed calls the model is in an outage and is left alone. */
const OUTAGE_SHARE = 0.2;

/** True when the model is answering well enough to be asked more. */
export function mayExperiment(
  policy: ExperimentPolicy,
  subject: MonitoredModelState,
  { symptoms }: Evaluation,
): boolean {
  return (
    policy.allow &&
    !subject.model.paused &&
    subject.model.endpoint !== null &&
    symptoms.hasBaseline &&
    subject.consecutiveFailures === 0 &&
    symptoms.service.failures.share < OUTAGE_SHARE
  );
}

/**
 * Asks the live model which of the drifted features carries the change (cohort Shapley values), within the operator's
 * budget, and writes before and after into the audit trail. Never throws for a model that does not answer.
 */
export async function runExperiment(
  ports: ExperimentPorts,
  policy: ExperimentPolicy,
  subject: MonitoredModelState,
  evaluation: Evaluation,
  incident: IncidentId,
  signal: AbortSignal,
): Promise<CohortShapley> {
  const { model } = subject;
  const players = [...evaluation.symptoms.features]
    // What carries the drop may not have moved far enough to be reported yet.
    .sort((a, b) => Number(b.reported) - Number(a.reported) || b.distance - a.distance)
    .slice(0, MOST_PLAYERS)
    .map(({ feature }) => feature);
  const output = [...subject.rows, ...subject.baselineRows].some(({ confidence }) => confidence !== null)
    ? 'confidence'
    : 'prediction';
  const atMs = ports.clock.now();
  const before = loggedRows(subject.baselineRows, output);
  const now = loggedRows(subject.rows, output);
  const input = { before, now, players, atMs, output, callsBudget: policy.callsBudget } as const;
  const refusal = refusalOf(ports, subject, before, now);
  if (refusal !== null) return notAsked(input, refusal);

  const told = { model: model.id, incident, features: players, calls_budget: policy.callsBudget };
  await ports.audit('experiment-started', told);
  const caller = createModelCaller(
    async (features) => {
      const payload = ports.payloadFor(model, features);
      if (payload === null || signal.aborted) return null;
      const answer = await ports.ask(model, payload);
      if (answer.kind === 'failure') return null;
      const said = output === 'confidence' ? answer.confidence : answer.prediction;
      return typeof said === 'number' ? said : null;
    },
    { calls: policy.callsBudget, pauseMs: 1_000 / policy.callsPerSecond, failuresInRow: FAILURES_IN_ROW },
    (ms) => ports.clock.sleep(ms, signal),
  );
  const result = await cohortShapley(input, caller, ports.random());
  const { calls, callFailures, pairs, limitation } = result.experiment;
  await ports.audit('experiment-finished', {
    ...told,
    calls,
    call_failures: callFailures,
    comparisons: pairs,
    limitation,
  });
  return result;
}

function loggedRows(rows: readonly Observation[], output: 'confidence' | 'prediction'): LoggedRow[] {
  return rows.flatMap(({ features, confidence, prediction }) => {
    const said = output === 'confidence' ? confidence : prediction;
    return features === null || typeof said !== 'number' ? [] : [{ features, output: said }];
  });
}

function refusalOf(
  ports: ExperimentPorts,
  { model }: MonitoredModelState,
  before: readonly LoggedRow[],
  now: readonly LoggedRow[],
): string | null {
  if (before.length < FEWEST_ROWS)
    return `Only ${before.length} baseline rows are in memory (they are never stored, and gone after a restart); ${FEWEST_ROWS} are needed to put features back.`;
  if (now.length < FEWEST_ROWS) return `Rows of the window in memory: ${now.length}; ${FEWEST_ROWS} are needed.`;
  const [row] = now;
  return row !== undefined && ports.payloadFor(model, row.features) === null
    ? 'The logged features do not make up the input this model takes (texts are not kept), so it cannot be asked about them.'
    : null;
}

function notAsked(
  {
    atMs,
    output,
    callsBudget,
  }: { readonly atMs: number; readonly output: 'confidence' | 'prediction'; readonly callsBudget: number },
  limitation: string,
): CohortShapley {
  return {
    attributions: [],
    experiment: {
      atMs,
      kind: 'cohort-shapley',
      output,
      calls: 0,
      callsBudget,
      callFailures: 0,
      pairs: 0,
      total: 0,
      additivityGap: 0,
      modelShift: null,
      limitation,
    },
  };
}
