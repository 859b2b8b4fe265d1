import type { Knex } from 'knex';
import { first } from './001-first.js';
import { decisions } from './010-decisions.js';
import { validations } from './011-validations.js';
import { externalAlerts } from './020-external-alerts.js';
import { pageOpinions } from './030-page-opinions.js';
import { incidentTimeline } from './040-incident-timeline.js';
import { decisionColumns } from './041-decision-columns.js';
import { modelStates } from './050-model-states.js';
import { batchBodies } from './060-batch-bodies.js';
import { apiKeyColumns } from './070-api-key-columns.js';
import { featureKinds } from './080-feature-kinds.js';
import { ledgerCells } from './085-ledger-cells.js';
import { commitOutcome } from './086-commit-outcome.js';
import { ledgerArrival } from './090-ledger-arrival.js';
import { waitingLabels } from './110-waiting-labels.js';
import { labelEvidence } from './120-label-evidence.js';
import { labelledAnswers } from './121-labelled-answers.js';
import { logFileHeaders } from './130-log-file-headers.js';
import { writer } from './140-writer.js';
import { logPositions } from './150-log-positions.js';
import type { NamedMigration } from './migration.js';

/** Every migration, oldest first. One that has been released is never changed; a new one is one file and one line here. */
export const MIGRATIONS: readonly NamedMigration[] = [
  first,
  decisions,
  validations,
  externalAlerts,
  pageOpinions,
  incidentTimeline,
  decisionColumns,
  modelStates,
  batchBodies,
  apiKeyColumns,
  featureKinds,
  ledgerCells,
  commitOutcome,
  ledgerArrival,
  waitingLabels,
  labelEvidence,
  labelledAnswers,
  logFileHeaders,
  writer,
  logPositions,
];

export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: () => Promise.resolve([...MIGRATIONS]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve(migration),
};
