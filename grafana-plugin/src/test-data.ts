import type { FleetModel, GoldenInput, Incident, ModelDetail, Recommendation } from './api/types';

/** A failing model as the exporter tells of it; overrides for the test at hand. */
export const aModel = (overrides: Partial<FleetModel> = {}): FleetModel => ({
  id: 'fraud', name: 'fraud', url: 'http://models/fraud', connector: 'rest', owner: 'payments', tags: ['tier-1'], version: '1', state: 'failing', severity: 'high',
  incident_id: 'inc-1', headline: '`income` looks multiplied by 100', cause: 'unit-change', confidence_mean: 0.412, error_share: 0.031, latency_p50_seconds: null,
  latency_p95_seconds: null, window_samples: 200, total_samples: 1234, last_probe_at_ms: Date.now() - 3_000, last_prediction_at_ms: null, evaluated_at_ms: Date.now(),
  baseline: { state: 'ready', version: 1, samples: 300, admitted_at_ms: 1 },
  evidence: { verdict: 'alarm', line_share: 1, budget_left: 0.25, false_page_every_ms: 1, changed_at_ms: null, recovered: false, signals: [] },
  performance: { kind: 'unknown', realised: null }, blind_spots: [], patterns: [], ...overrides,
});

export const aGoldenInput = (overrides: Partial<GoldenInput> = {}): GoldenInput => ({
  id: 'g1', origin: 'generated', input: null, verdict: 'same', answers_before: 40, answers_now: 4, distinct_before: 1, distinct_now: 1, confidence_before: 0.9, confidence_now: 0.9,
  confidence_tolerance: 0.05, ...overrides,
});

export const aModelDetail = (overrides: Partial<ModelDetail> = {}): ModelDetail => ({ ...aModel(), findings: [], golden_inputs: [aGoldenInput()], ...overrides });

export const aRecommendation = (overrides: Partial<Recommendation> = {}): Recommendation => ({
  id: 'rec-1', incidentId: 'inc-1', modelId: 'fraud', action: 'fix-pipeline', title: 'Mend the pipeline that feeds `income`', priority: 'HIGH', why: 'it arrives × 100', steps: ['Divide by 100'],
  expectedEffect: 'confidence returns', risk: 'low', verificationText: 'drift is gone for 5 minutes', plan: { executor: 'webhook', target: 'ml-platform', parameters: {} },
  trackRecord: { helped: 2, tried: 3, similarIncidents: [] }, revision: 1, createdAtMs: 1, expiresAtMs: Date.now() + 3_600_000, requiredApprovals: 2,
  proposedBy: { kind: 'system', subject: 'system', name: 'mlfi' }, policy: { breakGlass: false, proposerMayVote: false }, evidence: { headline: 'h', findings: [] }, digest: 'a'.repeat(64), state: 'pending', votes: [], execution: null,
  attempts: [], verification: null, dry_run: 'would POST to ml-platform', ...overrides,
});

export const anIncident = (overrides: Partial<Incident> = {}): Incident => ({
  id: 'inc-1', modelId: 'fraud', openedAtMs: Date.now() - 120_000, closedAtMs: null, severity: 'high',
  diagnosis: {
    atMs: 1, window: { fromMs: 0, toMs: 1, samples: 200 }, severity: 'high', severityReason: 'Confidence fell by 0.2.',
    causes: [
      { id: 'unit-change', title: 'Unit or scale change in `income`', logOdds: 5, probability: 0.93, supporting: [{ text: 'Values are 100 times larger.', logOdds: 4 }], refuting: [{ text: 'Errors did not rise.', logOdds: -0.5 }], features: ['income'], segments: [], shareExplained: 0.8 },
      { id: 'input-drift', title: 'Input drift', logOdds: 1, probability: 0.05, supporting: [], refuting: [{ text: 'Only one feature moved.', logOdds: -2 }], features: [], segments: [], shareExplained: null },
    ],
    findings: [], features: ['income'],
    repairs: [{ feature: 'income', transformation: 'scale', parameters: { factor: 100 }, fit: 0.998, sinceMs: 1, sentence: '`income` looks multiplied by 100 since 14:05 (R² 0.998 over matched quantiles).' }],
    segments: [{ predicate: 'country = DE', rows: 40, share: 0.2, measure: 'confidence', before: 0.8, now: 0.5, contribution: 0.6 }],
    decomposition: { measure: 'confidence', before: 0.8, now: 0.6, total: -0.2, parts: [{ name: 'input mix', value: -0.15 }], remainder: -0.05, interventional: false },
    attributions: [{ feature: 'income', value: -0.15, standardError: 0.02, method: 'interventional-shapley' }], changes: [], unexplained: 'A quarter is not explained.', blindSpots: [],
  },
  explanation: { headline: '`income` looks multiplied by 100', paragraphs: ['It began at noon.'] }, timeline: [{ atMs: 1, kind: 'opened', text: 'Incident opened' }], ...overrides,
});
