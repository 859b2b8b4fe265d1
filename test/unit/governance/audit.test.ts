import { beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../exporter/src/domain/audit.js';
import { appendAudit, auditHash } from '../../../exporter/src/governance/audit/chain.js';
import { auditExportLine } from '../../../exporter/src/governance/audit/export.js';
import { verifyAudit, verifyAuditExport } from '../../../exporter/src/governance/audit/verify.js';

const ENTRIES = 200;
const log: AuditEntry[] = [];

beforeAll(async () => {
  const transaction = {
    auditHead: () => Promise.resolve(log.at(-1) ?? null),
    insertAudit: (entry: AuditEntry) => Promise.resolve(void log.push(entry)),
  };
  for (let i = 1; i <= ENTRIES; i += 1)
    await appendAudit(transaction, { kind: 'vote', number: i, reason: `because ${i}` });
});

const verify = (entries: readonly AuditEntry[], head: string | null = null) =>
  verifyAudit((from, limit) => Promise.resolve(entries.slice(from - 1, from - 1 + limit)), head);
const at = (sequence: number): AuditEntry => {
  const entry = log[sequence - 1];
  if (entry === undefined) throw new Error(`no entry ${sequence}`);
  return entry;
};
const replaced = (sequence: number, entry: AuditEntry): AuditEntry[] =>
  log.map((old) => (old.sequence === sequence ? entry : old));

describe('the audit log', () => {
  it('verifies untouched, page by page and as an export', async () => {
    expect(await verify(log, at(150).hash)).toEqual({ kind: 'intact', entries: ENTRIES, headHash: at(ENTRIES).hash });
    expect(await verifyAuditExport(log.map(auditExportLine).join(''))).toMatchObject({
      kind: 'intact',
      entries: ENTRIES,
    });
  });

  it('detects every single changed byte of every body, and names the entry', async () => {
    for (const entry of log) {
      for (let byte = 0; byte < entry.body.length; byte += 1) {
        const body = Uint8Array.from(entry.body);
        body[byte] = (body[byte] ?? 0) ^ 1;
        if (auditHash(entry.previousHash, entry.sequence, body) === entry.hash)
          throw new Error(`byte ${byte} of entry ${entry.sequence} does not count`);
      }
    }
    for (let sequence = 1; sequence <= ENTRIES; sequence += 1) {
      const body = Uint8Array.from(at(sequence).body);
      body[sequence % body.length] = (body[sequence % body.length] ?? 0) ^ 1;
      expect(await verify(replaced(sequence, { ...at(sequence), body }))).toMatchObject({
        kind: 'broken',
        atSequence: sequence,
      });
    }
  });

  it('detects a changed hash, a deleted, a swapped and an inserted entry', async () => {
    expect(await verify(replaced(77, { ...at(77), hash: 'f'.repeat(64) }))).toMatchObject({
      kind: 'broken',
      atSequence: 77,
    });
    expect(await verify(replaced(77, { ...at(77), previousHash: 'f'.repeat(64) }))).toMatchObject({
      kind: 'broken',
      atSequence: 77,
    });
    expect(await verify(log.filter(({ sequence }) => sequence !== 90))).toMatchObject({
      kind: 'broken',
      atSequence: 90,
    });
    expect(await verify([...log.slice(0, 49), at(51), at(50), ...log.slice(51)])).toMatchObject({
      kind: 'broken',
      atSequence: 50,
    });
    expect(await verify([...log.slice(0, 10), at(10), ...log.slice(10)])).toMatchObject({
      kind: 'broken',
      atSequence: 11,
    });
  });

  it('detects a cut or forked log for whoever holds a later hash', async () => {
    expect(await verify(log.slice(0, 120), at(150).hash)).toMatchObject({ kind: 'broken', atSequence: 121 });
    const forked = log.slice(0, 120);
    const transaction = {
      auditHead: () => Promise.resolve(forked.at(-1) ?? null),
      insertAudit: (entry: AuditEntry) => Promise.resolve(void forked.push(entry)),
    };
    for (let i = 0; i < 80; i += 1)
      await appendAudit(transaction, { kind: 'vote', number: i, reason: 'another story' });
    expect(await verify(forked)).toMatchObject({ kind: 'intact' });
    expect(await verify(forked, at(150).hash)).toMatchObject({ kind: 'broken' });
  });
});
