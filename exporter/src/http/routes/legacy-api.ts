import { z } from 'zod';
import { REFUSAL_REASONS } from '../../domain/ingest.js';
import type { Investigation } from '../../domain/investigation.js';
import { Invalid } from '../../domain/errors.js';
import { issueWords } from '../../domain/issue-words.js';
import { payloads } from '../model-bodies.js';
import { httpUrl, label } from '../parameters.js';
import { route, type Route } from '../route.js';
import { senderOf } from '../sender.js';

const nullableNumber = z.number().nullable();
const named = z.object({ id: z.string(), title: z.string(), probability: z.number() });
/** The original service's answer, with what it lacks added and nothing renamed. */
const analysis = z
  .object({
    metrics: z.object({
      avg_confidence: nullableNumber,
      confidence_std: nullableNumber,
      error_rate: z.number().nullable(),
      latency_p50_seconds: nullableNumber,
      total_samples: z.number(),
    }),
    drift: z.object({
      confidence_distribution: z.object({
        method: z.literal('KS-test'),
        statistic: nullableNumber.meta({ description: 'null, as p_value, where there is nothing to compare with yet' }),
        p_value: nullableNumber,
        drift_detected: z.boolean(),
        statistics: z.array(z.object({ name: z.string(), value: z.number() })),
      }),
    }),
    baseline_exists: z.boolean(),
    anomalies: z.array(z.object({ type: z.string(), kind: z.string(), message: z.string() })),
    rca: z.object({
      root_cause: z.string(),
      title: z.string(),
      severity: z.string(),
      failure_reason: z.string(),
      explanation: z.array(z.string()),
      features: z.array(z.string()),
      causes: z.array(named),
    }),
    recommendations: z.array(
      z.object({
        action: z.string(),
        priority: z.string(),
        type: z.string().optional(),
        why: z.string().optional(),
        steps: z.array(z.string()).optional(),
        risk: z.string().optional(),
        expected_effect: z.string().optional(),
      }),
    ),
    samples_collected: z.number(),
    verdict: z.enum(['healthy', 'failing', 'undecided']),
    limits: z.array(z.string()),
    similar: z.array(z.object({ incident_id: z.string(), headline: z.string(), similarity: z.number() })),
  })
  .meta({ id: 'LegacyAnalysis' });

/** The interface of the original service, with its shapes. */
export const legacyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    scope: null,
    summary: 'Whether the service is up',
    responses: { 200: z.object({ status: z.literal('ok'), version: z.string(), models: z.number() }) },
    handler: ({ ports }) => ({
      status: 200,
      body: { status: 'ok' as const, version: ports.version, models: ports.application.models.registered().length },
    }),
  }),
  route({
    method: 'POST',
    path: '/monitoring/analyze',
    scope: 'operate',
    summary: 'Evaluate a model’s URL once',
    body: z.object({ prediction_url: httpUrl, samples: z.int().min(5).max(500).optional(), payloads }),
    responses: { 200: analysis },
    async handler({ ports, body }) {
      const request = { url: body.prediction_url, samples: body.samples ?? null, payloads: body.payloads ?? null };
      return { status: 200, body: legacyView(await ports.application.models.investigate(request, () => undefined)) };
    },
  }),
  route({
    method: 'POST',
    path: '/monitoring/prediction',
    scope: 'ingest',
    summary: 'Log one prediction, with the body of the original service; an unknown model_id is watched from now on',
    body: {
      kind: 'text',
      content: { 'application/json': z.looseObject({ model_id: z.string().optional() }) },
    },
    responses: {
      200: z.object({ status: z.literal('accepted'), model: z.string(), accepted: z.number() }),
      400: z.object({
        error: z.object({
          code: z.literal('invalid'),
          line: z.number(),
          field: z.string(),
          reason: z.enum(REFUSAL_REASONS),
          message: z.string(),
        }),
      }),
    },
    async handler({ ports: { application, intake, clock }, body, headers, actor, address }) {
      const batch = intake.batches.read(body, 'application/json', clock.now(), '');
      const [wrong] = batch.errors;
      if (wrong !== undefined) {
        const { line, field, reason, message } = wrong;
        return { status: 400, body: { error: { code: 'invalid' as const, line, field, reason, message } } };
      }
      const name = nameOf(intake.batches.namedModels(body));
      const id = await application.models.ensureWatched(name, actor);
      const result = await intake.models.ingest(id, {
        ...batch,
        sender: senderOf(headers, actor, address),
        batchId: null,
        bodyDigest: null,
        acknowledge: 'commit',
      });
      return { status: 200, body: { status: 'accepted' as const, model: id, accepted: result.accepted } };
    },
  }),
];

const modelName = label(1, 120);

/** The model the rows name; `default` where they name none. @throws Invalid for rows of several models, and for what is no name */
function nameOf(named: readonly unknown[]): string {
  const [said = null, ...others] = named;
  if (others.length > 0)
    throw new Invalid('the rows are not all of one model: send those of each model by themselves', 'model_id');
  if (said === null) return 'default';
  const name = modelName.safeParse(said);
  if (name.success) return name.data;
  const [issue] = name.error.issues;
  throw new Invalid(`model_id: ${issue === undefined ? 'is no name' : issueWords(issue, true)}`, 'model_id');
}

/** An investigation in the original service's shape; what it lacks is added, nothing is renamed. */
function legacyView(investigation: Investigation): z.output<typeof analysis> {
  const { diagnosis, explanation, confidenceDrift } = investigation;
  const [winner] = diagnosis.causes;
  const isHealthy = investigation.verdict === 'healthy';
  const isUndecided = investigation.setup !== null;
  return {
    metrics: {
      avg_confidence: investigation.confidenceMean,
      confidence_std: investigation.confidenceStandardDeviation,
      error_rate: investigation.samples === 0 ? null : investigation.errorShare,
      latency_p50_seconds: investigation.latencyP50Seconds,
      total_samples: investigation.samples,
    },
    drift: {
      confidence_distribution: {
        method: confidenceDrift.method,
        statistic: confidenceDrift.statistic,
        p_value: confidenceDrift.pValue,
        drift_detected: confidenceDrift.driftDetected,
        statistics: [...confidenceDrift.statistics],
      },
    },
    baseline_exists: investigation.baselineExists,
    anomalies: diagnosis.findings.map(({ detector, sentence, kind }) => ({ type: detector, kind, message: sentence })),
    rca: {
      root_cause: isHealthy || isUndecided || winner === undefined ? 'none' : winner.id,
      title: isUndecided ? 'Not judged' : (winner?.title ?? 'none'),
      severity: diagnosis.severity,
      failure_reason: isHealthy ? 'Model operating normally' : explanation.headline,
      explanation: [...explanation.paragraphs],
      features: [...diagnosis.features],
      causes: (isUndecided ? [] : diagnosis.causes).map(({ id, title, probability }) => ({ id, title, probability })),
    },
    recommendations: investigation.recommendations.map(
      ({ action, title, priority, why, steps, risk, expectedEffect }) =>
        priority === 'NONE'
          ? { action: title, priority }
          : { action: title, type: action, priority, why, steps: [...steps], risk, expected_effect: expectedEffect },
    ),
    samples_collected: investigation.samples,
    verdict: investigation.verdict,
    limits: [...investigation.limits],
    similar: investigation.similar.map(({ lesson, similarity }) => ({
      incident_id: lesson.incidentId,
      headline: lesson.headline,
      similarity,
    })),
  };
}
