import { detect } from '../detection/detect.js';
import type { AnyActionTarget } from '../domain/action-target.js';
import { compareGoldenInputs, goldenEvidence } from '../detection/golden.js';
import type { ForestBaseline, WindowForest } from '../detection/forest-baseline.js';
import type { Diagnosis, Explanation } from '../domain/cause.js';
import type { ChangeEvent, Symptoms, GoldenComparison } from '../domain/symptoms.js';
import type { BlindSpot, Finding } from '../domain/finding.js';
import type { Fingerprint } from '../domain/incident.js';
import type { Lesson, SimilarLesson } from '../domain/lesson.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { AlertEvidence } from '../domain/alert-evidence.js';
import type { Model } from '../domain/model.js';
import type { Observation } from '../domain/observation.js';
import type { BaselineProfile, GoldenBaseline, LearningState, WindowProfile } from '../domain/profile.js';
import type { Proposal, VerificationTimes } from '../domain/recommendation.js';
import type { RowAnomaly } from '../domain/row-anomaly.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { Validation } from '../domain/validation.js';
import { mayPage } from '../detection/paging.js';
import { judgeRows } from '../detection/row-anomaly.js';
import { explain } from '../explanation/explain.js';
import { fingerprint } from '../incident-history/fingerprint.js';
import { estimateSuccess } from '../incident-history/success-estimate.js';
import { similarLessons } from '../incident-history/similarity.js';
import { trackRecord } from '../incident-history/track-record.js';
import type { CohortShapley } from '../rca/attribution/cohort-shapley.js';
import { diagnose } from '../rca/diagnose.js';
import { symptomsOf, modelChangedBy } from '../rca/symptoms/symptoms-of.js';
import type { RowAnalysis, RowAnalysisInput } from '../rca/row-analysis.js';
import { priceFindings } from '../performance/cost-of-shift.js';
import { estimatePerformance } from '../performance/estimate.js';
import { recommend } from '../recommendation/recommend.js';

/** One model as it stands: counts, recent rows, golden answers and what is known about its past. */
export interface MonitoredModelState {
  readonly model: Model;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  readonly window: WindowProfile;
  /** Newest observations still in memory, oldest first. */
  readonly rows: readonly Observation[];
  readonly baselineRows: readonly Observation[];
  readonly goldenNow: readonly GoldenBaseline[];
  readonly forest: ForestBaseline | null;
  readonly windowForest: WindowForest | null;
  /** Evidence gathered over time; null for a one-shot look. */
  readonly evidence: AlertEvidence | null;
  readonly consecutiveFailures: number;
  readonly lastAnswerAtMs: number | null;
  readonly lastPredictionAtMs: number | null;
  readonly changes: readonly ChangeEvent[];
  /** What the live model was asked during the open incident; null when nothing was. */
  readonly experiment: CohortShapley | null;
  /** Segments and decomposition found beforehand in a worker thread; absent to find them here. */
  readonly rowAnalysis?: RowAnalysis;
}

/** What a evaluation may draw on besides the model itself. */
export interface Knowledge {
  readonly thresholds: DetectionThresholds;
  readonly lessons: readonly Lesson[];
  readonly targets: readonly AnyActionTarget[];
  readonly verification: VerificationTimes;
  /** Newest verdict on a candidate version of the model. */
  readonly validation: Validation | null;
}

export interface Evaluation {
  readonly findings: readonly Finding[];
  readonly performance: PerformanceEstimate;
  readonly rowAnomaly: RowAnomaly;
  readonly goldenInputs: readonly GoldenComparison[];
  readonly blindSpots: readonly BlindSpot[];
  /** Which detector could not look at what. */
  readonly unseen: ReturnType<typeof detect>['unseen'];
  /** Whether this may open an incident, by the false-page budget. */
  readonly pages: boolean;
  readonly symptoms: Symptoms;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly fingerprint: Fingerprint;
  readonly similar: readonly SimilarLesson[];
  readonly proposals: readonly Proposal[];
}

/** True when a look found nothing and saw no input move. */
export function isQuiet({ findings, symptoms }: Evaluation): boolean {
  return findings.every(({ kind }) => kind === 'note') && symptoms.features.every(({ changed }) => !changed);
}

/** What to find out of the rows, given which features the newest look saw move. */
export function rowsToAnalyse(subject: MonitoredModelState, { symptoms }: Evaluation): RowAnalysisInput {
  return {
    baselineRows: subject.baselineRows,
    rows: subject.rows,
    features: symptoms.features,
    modelChanged: modelChangedBy(symptoms.golden),
    experiment: subject.experiment?.experiment ?? null,
    attributions: subject.experiment?.attributions ?? [],
  };
}

/** One model, one look: observations in, evaluation out. Pure; the whole loop in the order it happens. */
export function evaluate(subject: MonitoredModelState, experience: Knowledge, nowMs: number): Evaluation {
  const { model, baseline, window, rows } = subject;
  const golden = goldenEvidence(baseline?.golden ?? [], subject.goldenNow);

  const rowAnomaly = judgeRows(subject.forest, rows, experience.thresholds);
  const detected = detect({
    baseline,
    window,
    rows,
    baselineConfidences: confidencesOf(subject.baselineRows),
    golden,
    goldenNow: subject.goldenNow,
    nowMs,
    lastPredictionAtMs: subject.lastPredictionAtMs,
    consecutiveFailures: subject.consecutiveFailures,
    thresholds: experience.thresholds,
    forest: subject.forest,
    rowAnomaly,
    windowForest: subject.windowForest,
    evidence: subject.evidence,
  });
  const { blindSpots } = detected;
  const performance = estimatePerformance(baseline?.profile ?? null, window, detected.findings);
  const findings = priceFindings(detected.findings, {
    baseline: baseline?.profile ?? null,
    baselineRows: subject.baselineRows,
    rows,
    performance,
  });

  const evidence = symptomsOf({
    modelId: model.id,
    nowMs,
    baseline,
    window,
    rows,
    baselineRows: subject.baselineRows,
    findings,
    blindSpots,
    golden,
    consecutiveFailures: subject.consecutiveFailures,
    lastAnswerAtMs: subject.lastAnswerAtMs,
    changes: subject.changes,
    evidence: subject.evidence,
    experiment: subject.experiment,
    rowAnalysis: subject.rowAnalysis ?? null,
  });

  const diagnosis = diagnose(evidence);
  const explanation = explain(diagnosis, model.name, subject.evidence);
  const pages = mayPage(subject.evidence, findings, experience.thresholds.criticalErrorShare);
  const print = fingerprint(diagnosis);
  const similar = similarLessons(print, nowMs, experience.lessons);
  const learnt = { fingerprint: print, atMs: nowMs, lessons: experience.lessons };
  const proposals = recommend(diagnosis, {
    modelId: model.id,
    modelName: model.name,
    targets: experience.targets,
    verification: experience.verification,
    validation: validationInForce(experience.validation, model, nowMs),
    track: (cause, action, place) => trackRecord(cause, action, place, learnt),
    successEstimate: (cause, action, place) => estimateSuccess(cause, action, place, learnt),
    hasBaseline: baseline !== null,
    versionLabel: model.versionLabel,
  });
  return {
    findings,
    performance,
    rowAnomaly,
    goldenInputs: compareGoldenInputs(baseline?.golden ?? [], subject.goldenNow),
    blindSpots,
    unseen: detected.unseen,
    pages,
    symptoms: evidence,
    diagnosis,
    explanation,
    fingerprint: print,
    similar,
    proposals,
  };
}

const VALIDATION_COUNTS_MS = 86_400_000;

/** A verdict speaks for a day, and only against the version that was in service: then what it compared is gone. */
export function validationInForce(validation: Validation | null, model: Model, nowMs: number): Validation | null {
  if (validation?.finishedAtMs == null || nowMs - validation.finishedAtMs >= VALIDATION_COUNTS_MS) return null;
  const sameModel = validation.currentVersion === model.versionLabel && validation.candidateUrl !== model.endpoint?.url;
  return sameModel ? validation : null;
}

function confidencesOf(rows: readonly Observation[]): readonly number[] | null {
  const confidences = rows.flatMap((row) => (row.confidence === null ? [] : [row.confidence]));
  return confidences.length === 0 ? null : confidences;
}
