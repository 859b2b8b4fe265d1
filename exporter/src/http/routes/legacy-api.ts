import { z } from 'zod';
import type { Investigation } from '../../domain/investigation.js';
import { slugOf } from '../../domain/identifiers.js';
import { bodyOf, json, type Route } from '../route.js';

const analyzeBody = z.object({
  prediction_url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }),
  samples: z.int().min(5).max(500).optional(),
});

/** The seed's interface with the seed's shapes. */
export const legacyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/health',
    scope: null,
    summary: 'Whether the service is up',
    handle: async ({ ports }) =>
      json({ status: 'ok', version: ports.version, models: ports.application.models.statuses().length }),
  },
  {
    method: 'POST',
    path: '/monitoring/analyze',
    scope: 'operate',
    summary: 'Look once at a model’s URL',
    body: analyzeBody,
    async handle(context) {
      const body = await bodyOf(context, analyzeBody);
      return json(
        seedView(
          await context.ports.application.models.investigate(
            body.prediction_url,
            body.samples ?? null,
            () => undefined,
          ),
        ),
      );
    },
  },
  {
    method: 'POST',
    path: '/monitoring/prediction',
    scope: 'ingest',
    summary: 'Log one prediction (the seed’s body); an unknown model_id is watched from now on',
    async handle(context) {
      const { application, parseBatch, clock } = context.ports;
      const raw = await context.text();
      const batch = parseBatch(raw, false, clock.now());
      const named = nameIn(raw);
      const id = slugOf(named);
      if (batch.errors.length > 0) return json({ error: { code: 'invalid', ...batch.errors[0] } }, 400);
      await application.models.ensureWatched(id, named, context.actor);
      const result = await application.models.ingest(id, { ...batch, batchId: null, acknowledge: 'commit' });
      return json({ status: 'accepted', model: id, accepted: result.accepted });
    },
  },
];

function nameIn(raw: string): string {
  try {
    const value = JSON.parse(raw) as { model_id?: unknown };
    return typeof value.model_id === 'string' ? value.model_id : 'default';
  } catch {
    return 'default';
  }
}

/** An investigation in the seed's shape; what the seed lacks is added, nothing is renamed. */
export function seedView(investigation: Investigation): object {
  const { diagnosis, explanation, confidenceDrift } = investigation;
  const [winner] = diagnosis.causes;
  const isHealthy = diagnosis.severity === 'none';
  return {
    metrics: {
      avg_confidence: investigation.confidenceMean,
      confidence_std: investigation.confidenceStandardDeviation,
      error_rate: investigation.errorShare,
      latency_p50_seconds: investigation.latencyP50Seconds,
      total_samples: investigation.samples,
    },
    drift:
      confidenceDrift === null
        ? {}
        : {
            confidence_distribution: {
              method: confidenceDrift.method,
              drift_detected: confidenceDrift.driftDetected,
              p_value: confidenceDrift.pValue,
              statistics: confidenceDrift.statistics,
            },
          },
    baseline_exists: investigation.baselineExists,
    anomalies: diagnosis.findings.map(({ detector, sentence, kind }) => ({ type: detector, kind, message: sentence })),
    rca: {
      root_cause: isHealthy || winner === undefined ? 'none' : winner.id,
      title: winner?.title ?? 'none',
      severity: diagnosis.severity,
      failure_reason: isHealthy ? 'Model operating normally' : explanation.headline,
      explanation: explanation.paragraphs,
      features: diagnosis.features,
      causes: diagnosis.causes.map(({ id, title, probability }) => ({ id, title, probability })),
    },
    recommendations: investigation.recommendations.map(
      ({ action, title, priority, why, steps, risk, expectedEffect }) =>
        priority === 'NONE'
          ? { action: title, priority }
          : { action: title, type: action, priority, why, steps, risk, expected_effect: expectedEffect },
    ),
    samples_collected: investigation.samples,
    verdict: investigation.verdict,
    limits: investigation.limits,
    similar: investigation.similar.map(({ lesson, similarity }) => ({
      incident_id: lesson.incidentId,
      headline: lesson.headline,
      similarity,
    })),
  };
}
