/** Reads a store beside a running service, or of one that is stopped: nothing is locked, nothing changed. */
import type { Config } from '../config/config.js';
import type { AuditVerdict } from '../domain/audit.js';
import { LOG_FILE_POSITIONS } from '../capture/sources/log-files.js';
import { DISCOVERED_MODELS } from '../capture/sources/service-discovery.js';
import { driftMonitorCodec } from '../detection/sequential/drift-monitor-state.js';
import type { Actor } from '../domain/actor.js';
import type { IncidentId } from '../domain/identifiers.js';
import type { DroppedHistory } from '../domain/ports.js';
import type { ReportFormat } from '../domain/report-format.js';
import { reportOf } from '../explanation/report/load.js';
import { auditExportLine } from '../governance/audit/export.js';
import { verifyLog, type HeldTexts } from '../governance/audit/files.js';
import { reportJson } from '../http/views/reports.js';
import { similarLessons } from '../incident-history/similarity.js';
import { auditBy } from '../governance/transition.js';
import { IMPORTS_UNDER_WAY } from '../application/imports.js';
import { CONFIGURED_MODELS } from '../application/configured-digests.js';
import { PROVISIONED_KEYS } from '../application/api-keys.js';
import { ANNOTATION_OUTBOX } from '../integrations/grafana/annotator.js';
import { logPositionsCodec } from '../monitoring/log-positions.js';
import { featureReadingsCodec } from '../baseline/feature-kinds.js';
import { callCountersCodec } from '../monitoring/call-counters.js';
import { LEARNING_SINCE } from '../monitoring/lessons-in-use.js';
import { copyStore } from '../store/copy-store.js';
import type { OwnersCodecs, StoreCheck } from '../store/check.js';
import { backupSqlite, checkDocumentsAt, openStore, rebuildIndexesAt } from '../store/open-store.js';
import { systemClock } from '../system/system-clock.js';
import { sqliteOf, storeAt } from './store-location.js';
import { SALT } from './foundation.js';

/** The report of an incident (null = the newest) from the store, beside a running service; null when there is none. */
export async function readReport(config: Config, id: IncidentId | null, format: ReportFormat): Promise<string | null> {
  const store = await openStore(storeAt(config), 'read');
  try {
    const incident =
      id === null ? ((await store.incidents.list({ limit: 1 }))[0] ?? null) : await store.incidents.get(id);
    if (incident === null) return null;
    if (format !== 'json') return await reportOf(store, similarLessons, incident, format, systemClock.now());
    const [records, lessons] = await Promise.all([
      store.decisions.list({ incident: incident.id, limit: 100 }),
      store.lessons.list({ limit: 1_000 }),
    ]);
    const others = lessons.filter(({ incidentId }) => incidentId !== incident.id);
    const similar = similarLessons(incident.fingerprint, incident.openedAtMs, others);
    return reportJson(incident, records, similar, systemClock.now());
  } finally {
    await store.close();
  }
}

/** What is wrong with a store. */
export interface StoreFindings extends StoreCheck {
  /** Null where the log cannot be read at all; its table is among the unreadable ones then. */
  readonly audit: AuditVerdict | null;
}

const OWNERS: OwnersCodecs = {
  callCounters: callCountersCodec,
  featureKinds: featureReadingsCodec,
  logPositions: logPositionsCodec,
  driftMonitor: driftMonitorCodec,
  settings: [
    SALT,
    LEARNING_SINCE,
    ANNOTATION_OUTBOX,
    CONFIGURED_MODELS,
    DISCOVERED_MODELS,
    IMPORTS_UNDER_WAY,
    LOG_FILE_POSITIONS,
    PROVISIONED_KEYS,
  ],
};

/** Reads every table, every document and the audit log, beside a running service or with it stopped. */
export async function checkStore(config: Config): Promise<StoreFindings> {
  const found = await checkDocumentsAt(storeAt(config), OWNERS);
  const isAuditReadable = !found.unreadable.some(({ table }) => table === 'audit');
  return { ...found, audit: isAuditReadable ? await verifyStoredAudit(config, NOTHING_HELD) : null };
}

/** Builds the indexes of the store anew. @returns where the old file is kept, null on PostgreSQL @throws Error in words when the service still runs, or a table itself is damaged */
export const rebuildStoreIndexes = (config: Config): Promise<string | null> => rebuildIndexesAt(storeAt(config));

/** Copies the store into a new file, beside a running service. @throws Error in words when that cannot be done */
export function backupStore(config: Config, file: string): Promise<void> {
  const location = storeAt(config);
  if (location.kind === 'sqlite') return backupSqlite(location.file, file);
  throw new Error('a PostgreSQL database is backed up with pg_dump; see docs/store.md');
}

/**
 * Copies the SQLite store of the data folder into the PostgreSQL database that the configuration names.
 * @returns how many rows
 * @throws Error in words when the service still runs, no database is named, or it is not empty
 */
export function copyStoreOver(config: Config): Promise<number> {
  const to = storeAt(config);
  if (to.kind === 'postgresql') return copyStore(sqliteOf(config), to);
  return Promise.reject(new Error('database.url is not set; name the PostgreSQL database that is to take the store'));
}

const NOTHING_HELD: HeldTexts = { head: null, checkpoints: null, key: null, earlier: null };
const REPAIR: Actor = { kind: 'system', subject: 'store-repair', name: 'mlfi store repair' };

/**
 * Lets go of a model whose stored state cannot be read, with the service stopped: the model, what was learnt about it, and
 * what of its history is damaged, except decisions. On record in the audit log.
 * @param id as its rows have it: what is damaged may be the name itself
 * @returns null when the store knows no such model
 * @throws Error in words when the service still runs, or nothing of the model is damaged
 */
export async function dropModel(config: Config, id: string): Promise<DroppedHistory | null> {
  const { damaged } = await checkDocumentsAt(storeAt(config), OWNERS);
  const store = await openStore(storeAt(config));
  try {
    const isDamaged = damaged.some(({ place }) => place.model === id);
    const dropped = await store.models.drop(id, isDamaged);
    if (dropped === null) return null;
    await store.governance((transaction) =>
      auditBy(transaction, systemClock.now(), 'model-dropped', REPAIR, {
        model: id,
        damagedHistoryRows: dropped.deleted,
        ...(dropped.kept === 0 ? {} : { damagedDecisions: dropped.kept }),
      }),
    );
    return dropped;
  } finally {
    await store.close();
  }
}

/** Checks the audit log in the store, beside a running service. */
export async function verifyStoredAudit(config: Config, held: HeldTexts): Promise<AuditVerdict> {
  const store = await openStore(storeAt(config), 'read');
  try {
    return await verifyLog(store, held);
  } finally {
    await store.close();
  }
}

/** Writes the whole log as JSON lines, beside a running service. */
export async function exportStoredAudit(config: Config, write: (lines: string) => void): Promise<void> {
  const store = await openStore(storeAt(config), 'read');
  try {
    for (let from = 1; ; from += 1_000) {
      const entries = await store.audit.read(from, 1_000);
      write(entries.map(auditExportLine).join(''));
      if (entries.length < 1_000) return;
    }
  } finally {
    await store.close();
  }
}
