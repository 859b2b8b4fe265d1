import type { DecisionRecord } from '../../domain/decision-record.js';
import { csvTable } from './csv-table.js';

const COLUMNS = [
  'recommendation',
  'revision',
  'incident',
  'model',
  'action',
  'cause',
  'title',
  'state',
  'proposed_by',
  'proposed_at',
  'approvals_needed',
  'policy',
  'votes',
  'execution',
  'executed_at',
  'outcome',
  'digest',
];

const time = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();

/** One line per decision, newest first, for auditors' spreadsheets. */
export function decisionsCsv(records: readonly DecisionRecord[]): string {
  const rows = records.map(({ recommendation, votes, execution, verification }) => [
    recommendation.id,
    recommendation.revision,
    recommendation.incidentId,
    recommendation.modelId,
    recommendation.action,
    recommendation.cause,
    recommendation.title,
    recommendation.state,
    recommendation.proposedBy.name,
    time(recommendation.createdAtMs),
    recommendation.requiredApprovals,
    recommendation.policy.version,
    votes
      .map(({ by, verdict, reason, atMs }) => `${by.name} (${by.subject}) ${verdict} ${time(atMs) ?? ''}: ${reason}`)
      .join('\n'),
    execution?.state ?? null,
    time(execution?.startedAtMs),
    verification?.outcome ?? null,
    recommendation.digest,
  ]);
  return csvTable([COLUMNS, ...rows]);
}
