import { readFileSync } from 'node:fs';
import type { AuditVerdict } from '../domain/audit.js';
import { verifyStoredAudit, verifyExportedAudit } from '../main.js';
import { configurationFile, readConfiguration } from './configuration.js';

/** `mlfi audit verify`: 0 intact, 1 broken (the first bad entry is named), 2 nothing to verify. */
export async function auditVerify(named: string | null, exported: string | null, head: string | null): Promise<number> {
  let verdict: AuditVerdict;
  if (exported !== null) {
    let text: string;
    try {
      text = readFileSync(exported, 'utf8');
    } catch {
      console.error(`${exported} cannot be read; give a file written by GET /api/v1/audit/export`);
      return 2;
    }
    verdict = await verifyExportedAudit(text, head);
  } else {
    const config = readConfiguration(configurationFile(named));
    if (config === null) return 2;
    verdict = await verifyStoredAudit(config, head);
  }
  if (verdict.kind === 'intact') {
    console.log(`intact: ${verdict.entries} entries, head ${verdict.headHash}`);
    return 0;
  }
  console.error(`broken at entry ${verdict.atSequence}: ${verdict.reason}`);
  return 1;
}
