/** Reads a store beside a running service, or of one that is stopped: nothing is locked, nothing changed. */
import type { Config } from '../config/config.js';
import type { AuditVerdict } from '../domain/audit.js';
import type { IncidentId } from '../domain/identifiers.js';
import type { ReportFormat } from '../domain/report-format.js';
import { reportOf } from '../explanation/report/load.js';
import { auditExportLine } from '../governance/audit/export.js';
import { verifyLog, type HeldTexts } from '../governance/audit/files.js';
import { similarLessons } from '../incident-history/similarity.js';
import { openStore } from '../store/open-store.js';
import { systemClock } from '../system/system-clock.js';
import { storeAt } from './store-location.js';

/** The report of an incident (null = the newest) from the store, beside a running service; null when there is none. */
export async function readReport(config: Config, id: IncidentId | null, format: ReportFormat): Promise<string | null> {
  const store = await openStore(storeAt(config), 'read');
  try {
    const incident =
      id === null ? ((await store.incidents.list({ limit: 1 }))[0] ?? null) : await store.incidents.get(id);
    return incident === null ? null : await reportOf(store, similarLessons, incident, format, systemClock.now());
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
