import { expect, it } from 'vitest';
import { incidentId, modelId } from '../../../../exporter/src/domain/identifiers.js';
import type { IncidentRow } from '../../../../exporter/src/domain/incident.js';
import { goldenInputsView, modelDetailView, modelView } from '../../../../exporter/src/http/views/models.js';
import { sampleStatus } from '../../metrics/sample-status.js';

const anIncident: IncidentRow = {
  id: incidentId('incident-1'),
  modelId: modelId('fraud'),
  openedAtMs: 0,
  closedAtMs: null,
  severity: 'critical',
  diagnosis: {
    modelId: modelId('fraud'),
    atMs: 0,
    window: { fromMs: 0, toMs: 1, samples: 100 },
    severity: 'critical',
    severityReason: 'Users receive no predictions.',
    causes: [],
    findings: [],
    features: [],
    segments: [],
    decomposition: null,
    attributions: [],
    experiment: null,
    changes: [],
    unexplained: null,
    blindSpots: [],
  },
  explanation: { headline: 'fraud: Model unreachable.', paragraphs: [] },
  fingerprint: {},
};

it('shows of golden inputs only those the operator chose, and of answers only how they moved', () => {
  const status = sampleStatus('fraud');
  const comparison = {
    goldenId: 'user-1',
    verdict: 'answer-changed',
    answersBefore: 40,
    answersNow: 4,
    distinctBefore: 1,
    distinctNow: 1,
    confidenceBefore: 0.9,
    confidenceNow: 0.6,
    confidenceTolerance: 0.05,
  } as const;
  const shown = goldenInputsView({
    ...status,
    model: {
      ...status.model,
      goldenInputs: [
        { id: 'user-1', origin: 'user', payload: { age: 41 } },
        { id: 'golden-1', origin: 'generated', payload: { age: 77 } },
      ],
    },
    goldenInputs: [comparison],
  });
  expect(shown).toMatchObject([
    { id: 'user-1', input: '{"age":41}', verdict: 'answer-changed', confidence_before: 0.9, confidence_now: 0.6 },
    { id: 'golden-1', input: null, verdict: 'unanswered', answers_before: 0 },
  ]);
  expect(JSON.stringify(shown)).not.toContain('77');
});

it('says since when an incident is, and what the model did lately: of healthy models in a list nothing', () => {
  const points = Array.from({ length: 60 }, (_, index) => ({
    atMs: 5_000 * index,
    confidenceMean: null,
    errorShare: 1,
    latencyP50Seconds: null,
  }));
  const status = { ...sampleStatus('fraud'), recent: points };
  expect(modelView(status)).toMatchObject({ since_ms: null, recent: [] });
  expect(modelDetailView(status).recent).toHaveLength(60);
  const incident = { ...anIncident, openedAtMs: 300_000 };
  const failing = { ...status, incident };
  expect(modelView(failing)).toMatchObject({ since_ms: 300_000 });
  expect(modelView(failing).recent).toHaveLength(30);
  expect(modelView(failing).recent.at(-1)).toEqual({
    at_ms: 295_000,
    confidence_mean: null,
    error_share: 1,
    latency_p50_seconds: null,
  });
  const changed = { ...failing, evidence: { ...status.evidence, changeAtMs: 200_000 } };
  expect(modelView(changed).since_ms).toBe(200_000);
  const later = { ...failing, evidence: { ...status.evidence, changeAtMs: 400_000 } };
  expect(modelView(later).since_ms, 'an incident is no younger than its opening').toBe(300_000);
});
