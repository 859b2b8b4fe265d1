import { describe, expect, it } from 'vitest';
import { incidentId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { investigationJson, reportJson } from '../../../exporter/src/http/views/reports.js';
import { evaluated, failed, rowsOf } from '../rca/evaluated-case.js';

const { diagnosis, explanation, proposals, fingerprint } = evaluated({
  rows: rowsOf('now').map((row, i) => (i % 3 === 0 ? failed('http_5xx', 503) : row)),
});
const incident: Incident = {
  id: incidentId('i1'),
  modelId: diagnosis.modelId,
  openedAtMs: 1,
  closedAtMs: null,
  severity: diagnosis.severity,
  diagnosis,
  explanation,
  fingerprint,
  timeline: [{ atMs: 1, kind: 'opened', text: 'Opened.' }],
};

/** Every key of a document, but those of the parameters an executor or a repair is given as they are. */
function keysOf(document: unknown): readonly string[] {
  if (Array.isArray(document)) return document.flatMap(keysOf);
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => [key, ...(key === 'parameters' ? [] : keysOf(value))]);
}

describe('what the command line writes as JSON', () => {
  it.each([
    ['the report of an incident', reportJson(incident, [], [], 2)],
    [
      'a one-off check',
      investigationJson({
        url: 'http://127.0.0.1/predict',
        setup: { kind: 'connection-refused', sentence: 'Nothing listens there.', advice: 'Check host and port.' },
        sent: null,
        modelId: diagnosis.modelId,
        verdict: 'failing',
        discovery: {
          kind: 'not-found',
          failure: { reason: 'connect', detail: '', httpStatus: null, retryAfterMs: null },
          attempts: [],
        },
        samples: 40,
        confidenceMean: 0.8,
        confidenceStandardDeviation: 0.1,
        errorShare: 0.3,
        latencyP50Seconds: 0.02,
        baselineExists: true,
        confidenceDrift: { method: 'KS-test', driftDetected: false, statistic: 0.1, pValue: 0.5, statistics: [] },
        diagnosis,
        explanation,
        recommendations: proposals,
        similar: [],
        limits: [],
      }),
    ],
  ])('has snake_case keys only, as the API: %s', (_, text) => {
    const keys = keysOf(JSON.parse(text));
    expect(keys.length).toBeGreaterThan(100);
    expect(keys.filter((key) => !/^[a-z0-9_]+$/.test(key))).toEqual([]);
    expect(keys).toContain('severity_reason');
  });
});
