import type { ModelStatus } from '../domain/model-status.js';
import { oddsText } from '../domain/alert-evidence.js';
import type { SignalCounts } from '../domain/profile.js';

/** A watched model as the API shows it in lists: snake_case, no counts. */
export function modelView(status: ModelStatus): object {
  const { model, incident, baseline, learning } = status;
  return {
    id: model.id,
    name: model.name,
    url: model.endpoint?.url ?? null,
    connector: model.endpoint?.connector ?? null,
    owner: model.owner,
    tags: model.tags,
    version: model.versionLabel,
    state: model.state,
    severity: incident?.severity ?? 'none',
    incident_id: incident?.id ?? null,
    headline: incident?.explanation.headline ?? null,
    cause: incident?.diagnosis.causes[0]?.id ?? null,
    confidence_mean: status.confidenceMean,
    error_share: status.errorShare,
    latency_p50_seconds: status.latencyP50Seconds,
    latency_p95_seconds: status.latencyP95Seconds,
    window_samples: status.windowSamples,
    total_samples: status.totalSamples,
    last_probe_at_ms: status.lastProbeAtMs,
    last_prediction_at_ms: status.lastPredictionAtMs,
    evaluated_at_ms: status.evaluatedAtMs,
    baseline: baselineView(status),
    evidence: evidenceView(status),
    performance: performanceView(status),
    anomaly: anomalyView(status),
    patterns: patternsView(status),
    findings: status.findings.length,
    causes: (status.diagnosis?.causes ?? []).map(({ id, title, probability, features, segments }) => ({
      id,
      title,
      probability,
      features,
      segments,
    })),
    blind_spots: status.blindSpots,
    learning: learning === null ? null : learning.verdict,
    ...(baseline === null ? {} : { baseline_frozen: baseline.frozen }),
  };
}

/** Evidence against the false-page budget: how far, since when, which signals. */
export function evidenceView({ evidence }: ModelStatus): object {
  return {
    verdict: evidence.verdict,
    log_evidence: evidence.logEvidence,
    log_line: evidence.logLine,
    log_warning_line: evidence.logWarningLine,
    line_share: evidence.lineShare,
    budget_left: evidence.budgetLeft,
    false_page_every_ms: evidence.budget.meanTimeBetweenMs,
    changed_at_ms: evidence.changeAtMs,
    recovered: evidence.recovered,
    confirmed: evidence.confirmed,
    suspects: evidence.suspects,
    signals: evidence.signals.map((signal) => ({
      signal: signal.subject,
      watch: signal.watch,
      log_evidence: signal.logEvidence,
      odds: oddsText(signal.logRatio),
      changed_at_ms: signal.changeAtMs,
      direction: signal.direction,
      statistic: signal.statistic,
      block_samples: signal.blockSamples,
      weight: signal.weight,
      note: signal.note,
    })),
  };
}

const LONGEST_PAYLOAD = 2_000;

/** Golden inputs and how their answers moved. Only inputs the operator chose are shown themselves; answers never are. */
export function goldenInputsView({ model, goldenInputs }: ModelStatus): object[] {
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

/** How good the answers are without labels, and what labels have shown. */
export function performanceView({ performance }: ModelStatus): object {
  const realised = {
    realised: performance.realised.accuracy,
    realised_error: performance.realised.error,
  };
  if (performance.kind === 'unknown') return { kind: 'unknown', reason: performance.reason, ...realised };
  const { band, samples, blindTo, measure } = performance;
  const common = { kind: 'estimated', measure, band, samples, blind_to: blindTo, ...realised };
  if (performance.measure === 'mean-absolute-error') {
    const { meanAbsoluteError, baselineError } = performance;
    return { ...common, mean_absolute_error: meanAbsoluteError, baseline_error: baselineError };
  }
  return {
    ...common,
    accuracy: performance.accuracy,
    calibrated: performance.calibrated,
    cross_check: performance.crossCheck,
    baseline_accuracy: performance.baselineAccuracy,
  };
}

/** The isolation forest's verdict on the judged window, and which features make its unusual rows unusual. */
export function anomalyView({ rowAnomaly }: ModelStatus): object {
  if (rowAnomaly.verdict === 'unknown') return rowAnomaly;
  const { verdict, rows, unusualRows, share, interval, contributions } = rowAnomaly;
  return { verdict, rows, unusual_rows: unusualRows, share, interval, contributions: contributions.slice(0, 10) };
}

/** Causes that keep coming back, each with the recommendation that stands while it does. */
export function patternsView({ patterns }: ModelStatus): object[] {
  return patterns.map(({ cause, features, incidents, firstAtMs, lastAtMs, everyMs, hours, recommendation }) => ({
    cause,
    features,
    incidents,
    first_at_ms: firstAtMs,
    last_at_ms: lastAtMs,
    every_ms: everyMs,
    hours:
      hours === null
        ? null
        : {
            weekday: hours.weekday,
            from_hour: hours.fromHour,
            to_hour: hours.toHour,
            incidents: hours.incidents,
            p_value: hours.pValue,
          },
    recommendation,
  }));
}

export function baselineView({ baseline, learning }: ModelStatus): object {
  if (baseline !== null) {
    return {
      state: baseline.frozen ? 'frozen' : 'ready',
      version: baseline.version,
      samples: baseline.profile.calls,
      admitted_at_ms: baseline.admittedAtMs,
    };
  }
  if (learning === null) return { state: 'absent' };
  const { verdict } = learning;
  return {
    state: 'learning',
    version: learning.nextVersion,
    samples: verdict.kind === 'learning' ? verdict.samples : learning.profile.calls,
    required_samples: verdict.kind === 'learning' ? verdict.requiredSamples : null,
    missing: verdict.kind === 'learning' ? verdict.missing : [],
    refused: verdict.kind === 'refused' ? verdict.reasons : [],
  };
}

/** Counts as the API shows them: cells of numeric signals, categories seen at least ten times. */
export function countsView(counts: SignalCounts): object {
  if (counts.kind === 'numeric') {
    return {
      kind: 'numeric',
      grid: counts.grid,
      cells: [...counts.cells].sort(([a], [b]) => a - b),
      missing: counts.missing,
      invalid: counts.invalid,
    };
  }
  const frequent = [...counts.categories].filter(([, count]) => count >= 10);
  const rare = [...counts.categories].filter(([, count]) => count < 10).reduce((sum, [, count]) => sum + count, 0);
  return {
    kind: 'categorical',
    categories: frequent.sort(([, a], [, b]) => b - a),
    other: counts.other + rare,
    missing: counts.missing,
    invalid: counts.invalid,
  };
}
