import { expect, it } from 'vitest';
import type { RecommendationRecord } from '../../../exporter/src/domain/decision-record.js';
import { executionId, recommendationId, voteId } from '../../../exporter/src/domain/identifiers.js';
import { decisionsCsv } from '../../../exporter/src/explanation/report/index.js';
import { incident, machine, person, proposal, RULES } from '../../integration/governance/harness.js';

it('writes one line per decision, quoted, with formulas made harmless and no token proofs', () => {
  const id = recommendationId('r1');
  const record: RecommendationRecord = {
    recommendation: {
      ...proposal('retrain', '=HYPERLINK("http://evil.test")'),
      id,
      incidentId: incident('i1').id,
      modelId: incident('i1').modelId,
      revision: 2,
      createdAtMs: 0,
      expiresAtMs: 1,
      requiredApprovals: 1,
      policy: { ...RULES, version: 'v1' },
      proposedBy: machine,
      modelVersion: null,
      evidence: { headline: '', findings: [] },
      followUpTo: null,
      digest: 'd',
      state: 'recovered',
    },
    votes: [
      {
        id: voteId('v'),
        recommendationId: id,
        digest: 'd',
        verdict: 'approve',
        reason: 'yes, "go"',
        by: person('ada'),
        atMs: 0,
      },
    ],
    execution: {
      id: executionId('e'),
      recommendationId: id,
      executor: 'webhook',
      state: 'succeeded',
      queuedAtMs: 0,
      startedAtMs: 0,
      finishedAtMs: 0,
      detail: '',
    },
    attempts: [],
    verification: { executionId: executionId('e'), outcome: 'recovered', atMs: 0, detail: '' },
    dryRun: '',
  };
  const lines = decisionsCsv([record]).split('\r\n');
  expect(lines[0]).toContain('recommendation,revision,incident,model,action');
  expect(lines[1]).toBe(
    `r1,2,i1,fraud,retrain,concept-drift,"'=HYPERLINK(""http://evil.test"")",recovered,ci,1970-01-01T00:00:00.000Z,1,v1,"ada (grafana:user:ada) approve 1970-01-01T00:00:00.000Z: yes, ""go""",succeeded,1970-01-01T00:00:00.000Z,recovered,d`,
  );
  expect(lines).toHaveLength(3);
});
