import type { DecisionRecord } from '../../domain/decision-record.js';
import type { Incident } from '../../domain/incident.js';
import type { Investigation } from '../../domain/investigation.js';
import type { Story } from '../../domain/story.js';
import type { SimilarLesson } from '../../domain/lesson.js';
import { proposalView, recommendationView } from './decisions.js';
import { diagnosisView } from './diagnosis.js';
import { discoveryView } from './discovery.js';
import { statisticView } from './findings.js';
import { similarLessonView } from './history.js';
import { explanationView, incidentView } from './incidents.js';

const written = (body: object): string => `${JSON.stringify(body, null, 2)}\n`;

/** The report of an incident for machines: the incident, its recommendations and similar incidents, each as the API shows it. */
export function reportJson(
  incident: Incident,
  records: readonly DecisionRecord[],
  similar: readonly SimilarLesson[],
  nowMs: number,
  story: Story | null = null,
): string {
  return written({
    generated_at_ms: nowMs,
    incident: incidentView(incident, story),
    recommendations: records.map((record) => recommendationView(record)),
    similar: similar.map(similarLessonView),
  });
}

/** A one-off check of a URL for machines, its parts as the API shows them. */
export function investigationJson(investigation: Investigation): string {
  const { confidenceDrift } = investigation;
  return written({
    url: investigation.url,
    model_id: investigation.modelId,
    verdict: investigation.verdict,
    setup: investigation.setup === null ? null : { ...investigation.setup },
    sent: investigation.sent,
    discovery: investigation.discovery === null ? null : discoveryView(investigation.discovery),
    samples: investigation.samples,
    confidence_mean: investigation.confidenceMean,
    confidence_standard_deviation: investigation.confidenceStandardDeviation,
    error_share: investigation.verdict === 'undecided' ? null : investigation.errorShare,
    latency_p50_seconds: investigation.latencyP50Seconds,
    baseline_exists: investigation.baselineExists,
    confidence_drift:
      confidenceDrift.statistic === null
        ? null
        : {
            method: confidenceDrift.method,
            drift_detected: confidenceDrift.driftDetected,
            p_value: confidenceDrift.pValue,
            statistics: confidenceDrift.statistics.map(statisticView),
          },
    diagnosis: diagnosisView(investigation.diagnosis),
    explanation: explanationView(investigation.explanation),
    recommendations: investigation.recommendations.map(proposalView),
    similar: investigation.similar.map(similarLessonView),
    limits: investigation.limits,
  });
}
