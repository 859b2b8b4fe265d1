import type { AuditEntry } from '../../domain/audit.js';
import { isObject, parseJson, type JsonObject } from '../../domain/json.js';

/** One entry as a line of an export: JSON with the body's bytes in base64. */
export function auditExportLine({ sequence, previousHash, body, hash }: AuditEntry): string {
  return `${JSON.stringify({ sequence, previous_hash: previousHash, hash, body: Buffer.from(body).toString('base64') })}\n`;
}

/** Reads an export back. A line that cannot be read is a broken entry. */
export function parseAuditExport(text: string):
  | { readonly kind: 'read'; readonly entries: readonly AuditEntry[] }
  | {
      readonly kind: 'broken';
      readonly atSequence: number;
      readonly reason: string;
      /** What stood before the broken line. */
      readonly entries: readonly AuditEntry[];
    } {
  const entries: AuditEntry[] = [];
  for (const line of text.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const at = entries.length + 1;
    try {
      const read = parseJson(line);
      const { sequence, previous_hash, hash, body }: JsonObject = isObject(read) ? read : {};
      if (
        typeof sequence !== 'number' ||
        typeof previous_hash !== 'string' ||
        typeof hash !== 'string' ||
        typeof body !== 'string'
      ) {
        return { kind: 'broken', atSequence: at, reason: `line ${at} lacks a field of an audit entry`, entries };
      }
      const bytes = Buffer.from(body, 'base64');
      if (bytes.toString('base64') !== body)
        return { kind: 'broken', atSequence: at, reason: `the body of line ${at} is not base64`, entries };
      entries.push({ sequence, previousHash: previous_hash, hash, body: bytes });
    } catch {
      return { kind: 'broken', atSequence: at, reason: `line ${at} is not JSON`, entries };
    }
  }
  return { kind: 'read', entries };
}
