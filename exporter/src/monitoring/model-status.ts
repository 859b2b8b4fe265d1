import { failureCount } from '../domain/profile.js';
import { quantileOf, summariseNumeric } from '../statistics/signal-counts.js';
import type { FiguresAt, ModelStatus, ModelSummary } from '../domain/model-status.js';
import type { IncidentRow } from '../domain/incident.js';
import type { RefusedLogLine } from '../domain/log-position.js';
import type { ModelState } from '../domain/model.js';
import { pagesPeople } from '../domain/paging.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { SignalKey, WindowProfile } from '../domain/profile.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { notUnderstood } from '../evaluation/not-understood.js';
import { asShown, endsOutage, isAway, isUnanswered } from '../incidents/story.js';
import { shownDiagnosis } from '../incidents/taken-up.js';
import { lastLoggedAtMs } from './call-counters.js';
import { percent } from '../domain/quantity-text.js';
import { timeText } from '../domain/time-text.js';
import type { Member, UnreadLogs, Unwatched, Unwritten } from './member.js';
import type { MonitoredModel } from './monitored-model.js';

const NOT_YET = 'not evaluated yet';
const NOT_EVALUATED_YET: PerformanceEstimate = {
  kind: 'unknown',
  reason: NOT_YET,
  realised: { accuracy: null, error: null, labelledShare: null },
};

/** A watched model's figures as they stand, for lists, live lines and metrics. */
export function statusOf(
  member: Pick<Member, 'monitored' | 'last' | 'recent' | 'unwritten' | 'unreadLogs' | 'unwatched' | 'refusedLine'>,
  incident: IncidentRow | null,
  patterns: ModelStatus['patterns'],
): ModelStatus {
  const { monitored, last, recent, unwritten } = member;
  const evaluation = last?.evaluation ?? null;
  const window = monitored.window();
  return {
    ...summaryOf(member, incident),
    windowSamples: window.calls,
    totalSamples: monitored.counters.calls,
    confidenceMean: meanOf(window, 'confidence'),
    errorShare: errorShareOf(window) ?? 0,
    latencyP50Seconds: quantile(window, 0.5),
    latencyP95Seconds: quantile(window, 0.95),
    recent: recent.points,
    lastProbeAtMs: monitored.counters.lastProbeAtMs,
    certificateEndsAtMs: monitored.contact.certificate?.validToMs ?? null,
    lastPredictionAtMs: monitored.counters.lastPredictionAtMs,
    lastLoggedAtMs: lastLoggedAtMs(monitored.counters),
    ...monitored.told,
    window,
    running: monitored.runningCounts(window),
    ...evaluatedFigures(evaluation, incident, spotsOf(member, window)),
    unwrittenSinceMs: unwritten?.sinceMs ?? null,
    features: monitored.featureReadings,
    setup: setupOf(monitored, evaluation, incident, window.calls),
    readFrom: monitored.contact.readFrom,
    evidence: monitored.evidence(),
    patterns,
    evaluationSeconds: last?.seconds ?? null,
    totals: {
      calls: monitored.counters.calls,
      failures: monitored.counters.failures,
      probes: monitored.counters.probes,
      probeFailures: monitored.counters.probeFailures,
    },
  };
}

/** What is the matter with a watched model: nothing of it has to be computed. */
export function summaryOf(
  { monitored, last }: Pick<Member, 'monitored' | 'last'>,
  incident: IncidentRow | null,
): ModelSummary {
  const evaluation = last?.evaluation ?? null;
  return {
    ...shownState(monitored, evaluation, incident),
    incident: incident === null ? null : asShown(incident, evaluation),
    evaluatedAtMs: last?.atMs ?? null,
  };
}

/** Why the model cannot be asked, or may not be asked as it wants to be. */
function setupOf(
  { contact, model }: MonitoredModel,
  evaluation: Evaluation | null,
  incident: IncidentRow | null,
  calls: number,
): ModelStatus['setup'] {
  const problem = contact.problemBeside(incident !== null && isUnanswered(incident.diagnosis));
  return problem ?? (evaluation === null ? null : notUnderstood(evaluation, calls, model.probePayloads));
}

/** What the last evaluation found. */
function evaluatedFigures(
  evaluation: Evaluation | null,
  incident: IncidentRow | null,
  spots: ModelStatus['blindSpots'],
): Pick<ModelStatus, 'findings' | 'blindSpots' | 'diagnosis' | 'performance' | 'rowAnomaly' | 'goldenInputs'> {
  if (evaluation === null) {
    return {
      findings: [],
      blindSpots: [...spots, { check: 'everything', reason: NOT_YET }],
      diagnosis: null,
      performance: NOT_EVALUATED_YET,
      rowAnomaly: { verdict: 'unknown', reason: NOT_YET },
      goldenInputs: [],
    };
  }
  const { findings, performance, rowAnomaly, goldenInputs } = evaluation;
  const diagnosis = shownDiagnosis(incident, evaluation);
  const blindSpots = [...spots, ...diagnosis.blindSpots];
  return { findings, blindSpots, diagnosis, performance, rowAnomaly, goldenInputs };
}

/** What no evaluation knows of. */
const spotsOf = (
  member: Pick<Member, 'unwritten' | 'unreadLogs' | 'unwatched' | 'refusedLine'>,
  window: WindowProfile,
): ModelStatus['blindSpots'] => [
  ...unwrittenSpots(member.unwritten),
  ...unreadSpots(member.unreadLogs),
  ...unwatchedSpots(member.unwatched),
  ...refusedSpots(member.refusedLine),
  ...emptySpots(window),
];

/** Responses without a prediction that are told, at least. */
const FEWEST_EMPTY = 3;
const LEAST_EMPTY_SHARE = 0.01;

/** What was answered without a prediction: also where it always was, so that nothing changed. */
export function emptySpots(window: WindowProfile): ModelStatus['blindSpots'] {
  const missing = window.signals.get('prediction')?.missing ?? 0;
  const answered = window.calls - failureCount(window);
  if (missing < FEWEST_EMPTY || missing < LEAST_EMPTY_SHARE * answered) return [];
  const share = percent(missing / answered);
  const reason = `${share} of ${answered} hold none (null, or not sent): what is said of predictions is said of the others`;
  return [{ check: 'responses without a prediction', reason }];
}

function unreadSpots(unread: Member['unreadLogs']): ModelStatus['blindSpots'] {
  return [...unread].map(([where, sinceMs]) => {
    const { check, what } = UNREAD[where];
    return {
      check,
      reason: `since ${timeText(sinceMs)} ${what} (“cannot be read” in mlfi’s log says why); its rows wait there`,
    };
  });
}
const UNREAD: Readonly<Record<UnreadLogs, { readonly check: string; readonly what: string }>> = {
  log_files: { check: 'rows in log files', what: 'a folder of log_files, or a file in it, has not been read' },
  kafka: { check: 'rows in Kafka', what: 'its topics (sources.kafka) have not been read' },
};

function unwatchedSpots(unwatched: Unwatched | null): ModelStatus['blindSpots'] {
  if (unwatched === null) return [];
  const [from, to] = [unwatched.fromMs, unwatched.toMs].map((ms) => (ms === null ? 'an earlier time' : timeText(ms)));
  const reason = `nothing was watched from ${from} to ${to}: an import of past rows was under way, nothing more was heard of it, and it was cancelled`;
  return [{ check: 'rows while an import was under way', reason }];
}

/** As a shell takes it for one word, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function refusedSpots(refused: RefusedLogLine | null): ModelStatus['blindSpots'] {
  if (refused === null) return [];
  const { atMs, file, offset, reason, field } = refused;
  const what = field === '' ? reason : `${reason}, ${field}`;
  return [
    {
      check: 'refused rows of log files',
      reason: `rows were refused, last at ${timeText(atMs)} (${what}); the first of those begins at byte ${offset} of ${file}: tail -c +${offset + 1} ${quoted(file)} | head -1`,
    },
  ];
}

function unwrittenSpots(unwritten: Unwritten | null): ModelStatus['blindSpots'] {
  if (unwritten === null) return [];
  const what = unwritten.isAlone ? 'what is counted of this model cannot be stored' : 'the store cannot be written';
  const reason = `${what} (“commit failed” in mlfi’s log says why): rows are refused, and what mlfi saw by itself meanwhile is lost if it stops`;
  return [{ check: `rows since ${timeText(unwritten.sinceMs)}`, reason }];
}

/** What the evaluated window holds now. */
export function figuresAt(monitored: Pick<MonitoredModel, 'window'>, atMs: number): FiguresAt {
  const window = monitored.window();
  return {
    atMs,
    confidenceMean: meanOf(window, 'confidence'),
    errorShare: errorShareOf(window),
    latencyP50Seconds: quantile(window, 0.5),
  };
}

/** The state by the same evaluation as everything else that is shown, which what is stored follows; and why it is that without an incident. */
function shownState(
  monitored: MonitoredModel,
  evaluation: Evaluation | null,
  incident: IncidentRow | null,
): Pick<ModelStatus, 'model' | 'unalerted'> {
  const { model } = monitored;
  // Before it is evaluated it is as it was when it was stored; a first sample alone ends that it is being configured.
  if (evaluation === null && model.state !== 'configuring') return { model, unalerted: null };
  const state = stateOf(monitored, incident, evaluation);
  return {
    model: state === model.state ? model : { ...model, state },
    unalerted: state === 'degraded' && incident === null ? (evaluation?.unalerted ?? null) : null,
  };
}

/** The state of a model nothing is wrong with. */
export function runningState({ isConfiguring, counters, baseline }: MonitoredModel): ModelState {
  if (isConfiguring && counters.basis === 'probe' && counters.calls === 0) return 'configuring';
  return baseline === null ? 'learning' : 'healthy';
}

/** The state shown: an open incident decides; without one a model is being configured, learning, healthy, or changed without an alert. */
export function stateOf(
  monitored: MonitoredModel,
  incident: IncidentRow | null,
  evaluation: Evaluation | null,
): ModelState {
  if (monitored.model.paused) return 'paused';
  if (incident === null) {
    const running = runningState(monitored);
    return running === 'healthy' && evaluation !== null && evaluation.unalerted !== null ? 'degraded' : running;
  }
  const isAnswered = evaluation !== null && endsOutage(incident.diagnosis, evaluation);
  if (isAway(incident.diagnosis) && !isAnswered) return 'unreachable';
  return pagesPeople(asShown(incident, evaluation).severity) ? 'failing' : 'degraded';
}

const errorShareOf = (window: WindowProfile): number | null =>
  window.calls === 0 ? null : failureCount(window) / window.calls;

function meanOf(window: WindowProfile, key: SignalKey): number | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' ? (summariseNumeric(counts)?.mean ?? null) : null;
}

function quantile(window: WindowProfile, q: number): number | null {
  const counts = window.signals.get('latency_seconds');
  return counts?.kind === 'numeric' ? quantileOf(counts, q) : null;
}
