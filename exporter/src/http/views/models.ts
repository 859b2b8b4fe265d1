import { z } from 'zod';
import { oddsText } from '../../domain/alert-evidence.js';
import { CAUSE_IDS } from '../../domain/cause.js';
import { CONNECTOR_IDS, MODEL_STATES } from '../../domain/model.js';
import type { IncidentRow } from '../../domain/incident.js';
import type { ModelStatus, ModelSummary } from '../../domain/model-status.js';
import { shownAddress } from '../../domain/shown-address.js';
import { SEVERITIES } from '../../domain/severity.js';
import { baselineSchema, baselineView } from './baselines.js';
import { instant, intervalSchema, intervalView, nullableInstant, nullableNumber, nullableText } from './estimates.js';
import { setupSchema } from './discovery.js';
import { featureSchema, featuresView } from './features.js';
import { blindSpotSchema, blindSpotView, findingSchema, findingView } from './findings.js';
import { recurringCauseSchema, recurringCauseView } from './history.js';
import { performanceSchema, performanceView } from './performance.js';

const signal = z
  .object({
    signal: z.string(),
    state: z.enum(['learning', 'provisional', 'watching', 'changed']),
    log_evidence: z.number(),
    odds: z.string().meta({ description: 'odds of a real change on any one day, e.g. "3,400 : 1"' }),
    changed_at_ms: nullableInstant,
    direction: z.enum(['up', 'down', 'changed']),
    statistic: z.string(),
    block_samples: z.number(),
    weight: z.number(),
    note: nullableText,
  })
  .meta({ id: 'SignalEvidence' });
const evidence = z
  .object({
    verdict: z.enum(['learning', 'quiet', 'warning', 'alarm']),
    log_evidence: z.number(),
    log_threshold: z.number(),
    log_warning_threshold: z.number(),
    threshold_ratio: z.number().meta({ description: '0 = nothing, 1 = the alert threshold, on a logarithmic scale' }),
    budget_left: z.number(),
    false_alert_every_ms: z.number(),
    changed_at_ms: nullableInstant,
    provisional_until_ms: nullableInstant.meta({
      description: 'until then shifts of provisional signals alert nobody; null when every signal may alert',
    }),
    recovered: z.boolean(),
    confirmed: z.array(z.string()),
    suspects: z.array(z.string()),
    signals: z.array(signal),
  })
  .meta({ id: 'AlertEvidence' });
const anomaly = z
  .discriminatedUnion('verdict', [
    z.object({ verdict: z.literal('unknown'), reason: z.string() }),
    z.object({
      verdict: z.enum(['usual', 'unusual']),
      rows: z.number(),
      unusual_rows: z.number(),
      share: z.number(),
      interval: intervalSchema,
      contributions: z.array(z.object({ feature: z.string(), share: z.number() })),
    }),
  ])
  .meta({ id: 'RowAnomaly' });

const figures = z
  .object({
    at_ms: instant,
    confidence_mean: nullableNumber,
    error_share: nullableNumber,
    latency_p50_seconds: nullableNumber,
  })
  .meta({ id: 'FiguresAt' });

const shown = {
  id: z.string(),
  name: z.string(),
  url: nullableText,
  connector: z.enum(CONNECTOR_IDS).nullable(),
  owner: nullableText,
  tags: z.array(z.string()),
  version: nullableText,
  state: z.enum(MODEL_STATES),
  paused: z.boolean(),
  created_at_ms: instant,
  severity: z.enum(SEVERITIES),
  incident_id: nullableText,
  story_id: nullableText.meta({
    description:
      'the story its open incident is told in; models of the same one have one fault upstream (/api/v1/stories)',
  }),
  since_ms: nullableInstant.meta({
    description:
      'when what the open incident is about began, as far as that is known; else when the incident was opened',
  }),
  headline: nullableText.meta({
    description: 'of the open incident; without one, of a change that is as good as certain and alerts nobody yet',
  }),
  setup: setupSchema.nullable().meta({
    description:
      'why mlfi cannot ask the model at present, or may ask it what it does not understand, and the one thing to do; else null',
  }),
  read_from: nullableText.meta({
    description:
      'what is read from where in its responses, e.g. “prediction from /label, confidence from /score”; null until it was asked',
  }),
  cause: z.enum(CAUSE_IDS).nullable(),
  confidence_mean: nullableNumber,
  error_share: z.number(),
  latency_p50_seconds: nullableNumber,
  latency_p95_seconds: nullableNumber,
  recent: z.array(figures).meta({
    description:
      'the figures above at evaluations of this process, oldest first, at most 60; in lists only of models with an open incident, at most 30',
  }),
  window_samples: z.number(),
  total_samples: z.number(),
  last_probe_at_ms: nullableInstant,
  last_prediction_at_ms: nullableInstant,
  unwritten_since_ms: nullableInstant.meta({
    description: 'since when what is counted of it cannot be stored, so that rows are refused; null when it can',
  }),
  evaluated_at_ms: nullableInstant,
  baseline: baselineSchema,
  evidence,
  performance: performanceSchema,
  anomaly,
  recurring_causes: z.array(recurringCauseSchema),
  causes: z.array(
    z.object({
      id: z.enum(CAUSE_IDS),
      title: z.string(),
      probability: z.number(),
      features: z.array(z.string()),
      segments: z.array(z.string()),
    }),
  ),
  blind_spots: z.array(blindSpotSchema),
};
export const modelSchema = z.object({ ...shown, findings_count: z.number() }).meta({ id: 'Model' });

const summarised = {
  id: shown.id,
  name: shown.name,
  url: shown.url,
  connector: shown.connector,
  owner: shown.owner,
  tags: shown.tags,
  version: shown.version,
  state: shown.state,
  paused: shown.paused,
  severity: shown.severity,
  incident_id: shown.incident_id,
  story_id: shown.story_id,
  headline: shown.headline,
  cause: shown.cause,
  evaluated_at_ms: shown.evaluated_at_ms,
};
export const modelSummarySchema = z.object(summarised).meta({ id: 'ModelSummary' });

const goldenInput = z
  .object({
    id: z.string(),
    origin: z.enum(['user', 'generated']),
    input: nullableText,
    verdict: z.enum(['same', 'answer-changed', 'confidence-moved', 'noisy', 'unanswered']),
    answers_before: z.number(),
    answers_now: z.number(),
    distinct_before: z.number(),
    distinct_now: z.number(),
    confidence_before: nullableNumber,
    confidence_now: nullableNumber,
    confidence_tolerance: nullableNumber,
  })
  .meta({ id: 'GoldenInput' });
export const modelDetailSchema = z
  .object({
    ...shown,
    findings: z.array(findingSchema),
    features: z.array(featureSchema),
    golden_inputs: z.array(goldenInput),
    schedule: z.object({
      interval_ms: z.number(),
      jitter_share: z.number(),
      concurrency: z.number(),
      timeout_ms: z.number(),
      probes_per_cycle: z.number(),
      calls_per_hour: nullableNumber,
    }),
  })
  .meta({ id: 'ModelDetail' });

type Shown = Omit<z.output<typeof modelSchema>, 'findings_count'>;
type Summarised = z.output<typeof modelSummarySchema>;

/** When the earliest change of an input that could be described began; infinite where none could. */
const repairedSinceMs = ({ diagnosis }: IncidentRow): number =>
  Math.min(...(diagnosis.repairs ?? []).map(({ sinceMs }) => sinceMs ?? Infinity));

/** What is the matter: as the open incident says; without one, a change that alerts nobody. */
function matterOf({
  incident,
  unalerted,
}: ModelSummary): Pick<Summarised, 'severity' | 'incident_id' | 'story_id' | 'headline' | 'cause'> {
  if (incident === null) {
    const { severity = 'none', headline = null, cause = null } = unalerted ?? {};
    return { severity, incident_id: null, story_id: null, headline, cause };
  }
  return {
    severity: incident.severity,
    incident_id: incident.id,
    story_id: incident.story?.id ?? null,
    headline: incident.explanation.headline,
    cause: incident.diagnosis.causes[0]?.id ?? null,
  };
}

/** When what the open incident is about began; null without one. */
const sinceMs = ({ incident, evidence: { changeAtMs } }: ModelStatus): number | null =>
  incident === null ? null : Math.min(changeAtMs ?? repairedSinceMs(incident), incident.openedAtMs);

/** A watched model in a long list: what is the matter with it, and no figures. */
export function modelSummaryView(summary: ModelSummary): Summarised {
  const { model } = summary;
  return {
    id: model.id,
    name: model.name,
    url: model.endpoint === null ? null : shownAddress(model.endpoint.url),
    connector: model.endpoint?.connector ?? null,
    owner: model.owner,
    tags: [...model.tags],
    version: model.versionLabel,
    state: model.state,
    paused: model.paused,
    ...matterOf(summary),
    evaluated_at_ms: summary.evaluatedAtMs,
  };
}

function shownView(status: ModelStatus): Shown {
  return {
    ...modelSummaryView(status),
    created_at_ms: status.model.createdAtMs,
    since_ms: sinceMs(status),
    setup: status.setup === null ? null : { ...status.setup },
    read_from: status.readFrom,
    confidence_mean: status.confidenceMean,
    error_share: status.errorShare,
    latency_p50_seconds: status.latencyP50Seconds,
    latency_p95_seconds: status.latencyP95Seconds,
    recent: status.recent.map((at) => ({
      at_ms: at.atMs,
      confidence_mean: at.confidenceMean,
      error_share: at.errorShare,
      latency_p50_seconds: at.latencyP50Seconds,
    })),
    window_samples: status.windowSamples,
    total_samples: status.totalSamples,
    last_probe_at_ms: status.lastProbeAtMs,
    last_prediction_at_ms: status.lastLoggedAtMs,
    unwritten_since_ms: status.unwrittenSinceMs,
    baseline: baselineView(status),
    evidence: evidenceView(status),
    performance: performanceView(status.performance),
    anomaly: anomalyView(status),
    recurring_causes: status.patterns.map(recurringCauseView),
    causes: (status.diagnosis?.causes ?? []).map(({ id, title, probability, features, segments }) => ({
      id,
      title,
      probability,
      features: [...features],
      segments: [...segments],
    })),
    blind_spots: status.blindSpots.map(blindSpotView),
  };
}

const LISTED_FIGURES = 30;

/** A watched model in a list; of findings only how many. */
export const modelView = (status: ModelStatus): z.output<typeof modelSchema> => ({
  ...shownView({ ...status, recent: status.incident === null ? [] : status.recent.slice(-LISTED_FIGURES) }),
  findings_count: status.findings.length,
});

/** A watched model with its findings, golden inputs and schedule. */
export function modelDetailView(status: ModelStatus): z.output<typeof modelDetailSchema> {
  const { schedule } = status.model;
  return {
    ...shownView(status),
    findings: status.findings.map(findingView),
    features: featuresView(status),
    golden_inputs: goldenInputsView(status),
    schedule: {
      interval_ms: schedule.intervalMs,
      jitter_share: schedule.jitterShare,
      concurrency: schedule.concurrency,
      timeout_ms: schedule.timeoutMs,
      probes_per_cycle: schedule.probesPerCycle,
      calls_per_hour: schedule.callsPerHour,
    },
  };
}

/** Evidence against the false-alert budget: how far, since when, which signals. */
function evidenceView({ evidence: seen }: ModelStatus): z.output<typeof evidence> {
  return {
    verdict: seen.verdict,
    log_evidence: seen.logEvidence,
    log_threshold: seen.logLine,
    log_warning_threshold: seen.logWarningLine,
    threshold_ratio: seen.lineShare,
    budget_left: seen.budgetLeft,
    false_alert_every_ms: seen.budget.meanTimeBetweenMs,
    changed_at_ms: seen.changeAtMs,
    provisional_until_ms: seen.provisionalUntilMs,
    recovered: seen.recovered,
    confirmed: [...seen.confirmed],
    suspects: [...seen.suspects],
    signals: seen.signals.map((one) => ({
      signal: one.subject,
      state: one.watch,
      log_evidence: one.logEvidence,
      odds: oddsText(one.logRatio),
      changed_at_ms: one.changeAtMs,
      direction: one.direction,
      statistic: one.statistic,
      block_samples: one.blockSamples,
      weight: one.weight,
      note: one.note,
    })),
  };
}

const LONGEST_PAYLOAD = 2_000;

/** Golden inputs and how their answers moved. Only inputs the operator chose are shown themselves; answers never are. */
export function goldenInputsView({
  model,
  goldenInputs,
}: Pick<ModelStatus, 'model' | 'goldenInputs'>): z.output<typeof goldenInput>[] {
  const compared = new Map(goldenInputs.map((input) => [input.goldenId, input]));
  return model.goldenInputs.map(({ id, origin, payload }) => {
    const input = compared.get(id);
    return {
      id,
      origin,
      input: origin === 'user' ? JSON.stringify(payload).slice(0, LONGEST_PAYLOAD) : null,
      verdict: input?.verdict ?? 'unanswered',
      answers_before: input?.answersBefore ?? 0,
      answers_now: input?.answersNow ?? 0,
      distinct_before: input?.distinctBefore ?? 0,
      distinct_now: input?.distinctNow ?? 0,
      confidence_before: input?.confidenceBefore ?? null,
      confidence_now: input?.confidenceNow ?? null,
      confidence_tolerance: input?.confidenceTolerance ?? null,
    };
  });
}

const CONTRIBUTIONS_SHOWN = 10;

/** The isolation forest's verdict on the window, and which features make its unusual rows unusual. */
function anomalyView({ rowAnomaly }: ModelStatus): z.output<typeof anomaly> {
  if (rowAnomaly.verdict === 'unknown') return { verdict: 'unknown', reason: rowAnomaly.reason };
  const { verdict, rows, unusualRows, share, interval, contributions } = rowAnomaly;
  return {
    verdict,
    rows,
    unusual_rows: unusualRows,
    share,
    interval: intervalView(interval),
    contributions: contributions
      .slice(0, CONTRIBUTIONS_SHOWN)
      .map((part) => ({ feature: part.feature, share: part.share })),
  };
}
