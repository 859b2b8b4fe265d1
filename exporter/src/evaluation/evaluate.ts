import type { Diagnosis, Explanation } from '../domain/cause.js';
import type { Finding, FindingSubject } from '../domain/finding.js';
import type { Fingerprint } from '../domain/incident.js';
import type { SimilarLesson } from '../domain/lesson.js';
import type { UnalertedChange } from '../domain/model-status.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import { mayPage } from '../domain/paging.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { Proposal } from '../domain/recommendation.js';
import type { Symptoms } from '../domain/symptoms.js';
import { detect, type Detection } from '../detection/detect.js';
import { explain } from '../explanation/explain.js';
import { fingerprint } from '../incident-history/fingerprint.js';
import { similarLessons } from '../incident-history/similarity.js';
import { withCosts } from '../performance/cost-of-shift.js';
import { estimatePerformance } from '../performance/estimate.js';
import { diagnose } from '../rca/diagnose.js';
import { symptomsOf } from '../rca/symptoms/symptoms-of.js';
import { recommend } from '../recommendation/recommend.js';
import { unalertedChange } from './unalerted-change.js';
import { seeSince, type SeeSince } from './seen-since.js';
import { answeredSinceMs } from './answered-since.js';
import { backToNormal } from './back-to-normal.js';
import { recommendationContext, type Knowledge } from './knowledge.js';

/** What one evaluation of a model concluded. */
export interface Evaluation extends Omit<Detection, 'golden'> {
  readonly performance: PerformanceEstimate;
  /** True when the findings may alert somebody. */
  readonly pages: boolean;
  /** What is told of it where no incident is open; null where nothing is all but certain to do harm. */
  readonly unalerted: UnalertedChange | null;
  readonly symptoms: Symptoms;
  /** What has changed and is, by the newest rows, as in the baseline again. */
  readonly backToNormal: ReadonlySet<FindingSubject>;
  /** Since when calls are answered after an outage; null while they are not. */
  readonly answeredSinceMs: number | null;
  /** What newer rows than a time say of what findings were about. */
  readonly seenSince: SeeSince;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly fingerprint: Fingerprint;
  readonly similar: readonly SimilarLesson[];
  readonly proposals: readonly Proposal[];
}

/** One model evaluated: detect → symptoms → diagnose → explain → recommend. Pure; the whole pipeline in the order it happens. */
export function evaluate(state: MonitoredModelState, knowledge: Knowledge, nowMs: number): Evaluation {
  const { golden, ...detected } = detect(state, knowledge.thresholds, nowMs);
  const performance = estimatePerformance(state.baseline?.profile ?? null, state.window, detected.findings);
  const findings = withCosts(detected.findings, performance, state);
  const back = backToNormal(state, changedSubjects(state, findings));
  const symptoms = symptomsOf(
    state,
    { findings: underWay(findings, back), blindSpots: detected.blindSpots, golden },
    nowMs,
  );
  const diagnosis = diagnose(symptoms);
  const explanation = explain(diagnosis, state.model.name, state.evidence);
  const print = fingerprint(diagnosis);
  const { versionStep = { from: state.model.versionLabel, to: null }, baseline } = state;
  const stands = { versionStep, hasBaseline: baseline !== null };
  const context = recommendationContext(state.model, stands, knowledge, print, nowMs);
  const pages = mayPage(state.evidence, findings, knowledge.thresholds.criticalErrorShare);
  return {
    ...detected,
    findings,
    performance,
    pages,
    symptoms,
    backToNormal: back,
    answeredSinceMs: answeredSinceMs(state),
    seenSince: seeSince(state),
    diagnosis,
    explanation,
    unalerted: unalertedChange(diagnosis, explanation, state.evidence, pages),
    fingerprint: print,
    similar: similarLessons(print, nowMs, knowledge.lessons),
    proposals: recommend(diagnosis, context),
  };
}

/** Findings but for those that are over, where others are not: what ended is no cause of what goes on. */
function underWay(findings: readonly Finding[], back: ReadonlySet<FindingSubject>): readonly Finding[] {
  const others = findings.filter(({ subject }) => !back.has(subject));
  return others.some(({ kind }) => kind !== 'note') ? others : findings;
}

/** What something was found of, and what the evidence over time says has changed. */
function changedSubjects({ evidence }: MonitoredModelState, findings: readonly Finding[]): Set<FindingSubject> {
  const changed = evidence?.signals.filter(({ watch }) => watch === 'changed') ?? [];
  return new Set([...changed, ...findings].map(({ subject }) => subject));
}

/** True when an evaluation found nothing and saw no input move. */
export function isQuiet({ findings, symptoms }: Evaluation): boolean {
  return findings.every(({ kind }) => kind === 'note') && symptoms.features.every(({ changed }) => !changed);
}
