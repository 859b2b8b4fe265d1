import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../exporter/src/domain/audit.js';
import { appendAudit } from '../../../exporter/src/governance/audit/chain.js';
import { auditExportLine } from '../../../exporter/src/governance/audit/export.js';
import {
  CheckpointSigner,
  openCheckpoint,
  splitNotes,
  type Checkpoint,
} from '../../../exporter/src/governance/audit/checkpoint.js';
import { EMPTY_ROOT, MerkleTree } from '../../../exporter/src/governance/audit/merkle.js';
import { verifyAudit, verifyAuditExport, type HeldEvidence } from '../../../exporter/src/governance/audit/verify.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

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

const verify = (entries: readonly AuditEntry[], held: HeldEvidence = {}) =>
  verifyAudit((from, limit) => Promise.resolve(entries.slice(from - 1, from - 1 + limit)), held);
const expectBroken = async (entries: readonly AuditEntry[], atSequence: number): Promise<void> => {
  const verdict = await verify(entries);
  if (verdict.kind === 'intact' || verdict.atSequence !== atSequence)
    expect.fail(`expected entry ${atSequence} to be named, got ${JSON.stringify(verdict)}`);
};
const newSigner = (): CheckpointSigner =>
  new CheckpointSigner(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'mlfi',
  );
const signer = newSigner();
const checkpoint = (size: number): Checkpoint => {
  const tree = new MerkleTree();
  for (const { hash } of log.slice(0, size)) tree.add(Buffer.from(hash, 'hex'));
  return { origin: 'mlfi', size, root: tree.root() };
};
/** The log with another story from the entry after `kept` on, as somebody with the whole database could write it. */
async function rewrittenFrom(kept: number): Promise<AuditEntry[]> {
  const forked = log.slice(0, kept);
  const transaction = {
    auditHead: () => Promise.resolve(forked.at(-1) ?? null),
    insertAudit: (entry: AuditEntry) => Promise.resolve(void forked.push(entry)),
  };
  for (let i = kept; i < ENTRIES; i += 1)
    await appendAudit(transaction, { kind: 'vote', number: i, reason: 'another story' });
  return forked;
}
const at = (sequence: number): AuditEntry => {
  const entry = log[sequence - 1];
  if (entry === undefined) throw new Error(`no entry ${sequence}`);
  return entry;
};
const replaced = (sequence: number, entry: AuditEntry): AuditEntry[] =>
  log.map((old) => (old.sequence === sequence ? entry : old));

describe('the audit log', () => {
  it('verifies untouched, page by page and as an export', async () => {
    expect(await verify(log, { head: at(150).hash })).toMatchObject({
      kind: 'intact',
      entries: ENTRIES,
      headHash: at(ENTRIES).hash,
    });
    expect(await verifyAuditExport(log.map(auditExportLine).join(''))).toMatchObject({
      kind: 'intact',
      entries: ENTRIES,
    });
  });

  it('detects every single changed byte of every entry, and names the entry', async () => {
    let changes = 0;
    for (const entry of log) {
      for (let byte = 0; byte < entry.body.length; byte += 1) {
        const body = Uint8Array.from(entry.body);
        body[byte] = (body[byte] ?? 0) ^ 1;
        await expectBroken(replaced(entry.sequence, { ...entry, body }), entry.sequence);
        changes += 1;
      }
      for (const field of ['hash', 'previousHash'] as const) {
        for (let digit = 0; digit < 64; digit += 1) {
          const text = entry[field];
          const changed = `${text.slice(0, digit)}${text[digit] === '0' ? '1' : '0'}${text.slice(digit + 1)}`;
          await expectBroken(replaced(entry.sequence, { ...entry, [field]: changed }), entry.sequence);
          changes += 1;
        }
      }
    }
    process.stdout.write(`    ${changes} changes of one byte in ${ENTRIES} entries, each found and named\n`);
  }, 120_000);

  it('detects every deleted entry, every swap of neighbours, every repetition, and names the first bad entry', async () => {
    for (let sequence = 1; sequence < ENTRIES; sequence += 1) {
      await expectBroken(
        log.filter((entry) => entry.sequence !== sequence),
        sequence,
      );
      await expectBroken([...log.slice(0, sequence), at(sequence), ...log.slice(sequence)], sequence + 1);
      await expectBroken(
        [...log.slice(0, sequence - 1), at(sequence + 1), at(sequence), ...log.slice(sequence + 1)],
        sequence,
      );
    }
  });

  it('detects every cut and every fork, by an earlier export or a checkpoint that is held', async () => {
    const earlier = log.map(({ hash }) => hash);
    for (let kept = 0; kept < ENTRIES; kept += 1) {
      expect(await verify(log.slice(0, kept), { earlier })).toMatchObject({ kind: 'broken', atSequence: kept + 1 });
      expect(await verify(log.slice(0, kept), { checkpoints: [checkpoint(ENTRIES)] })).toMatchObject({
        kind: 'broken',
        atSequence: kept + 1,
      });
    }
    for (let kept = 0; kept < ENTRIES; kept += 7) {
      const forked = await rewrittenFrom(kept);
      expect(await verify(forked)).toMatchObject({ kind: 'intact' });
      expect(await verify(forked, { earlier })).toMatchObject({ kind: 'broken', atSequence: kept + 1 });
      const every = Array.from({ length: ENTRIES }, (_, index) => checkpoint(index + 1));
      expect(await verify(forked, { checkpoints: every })).toMatchObject({ kind: 'broken', atSequence: kept + 1 });
      // With checkpoints far apart the first bad entry lies between the last one that agrees and the first that does not.
      const last = Math.floor(kept / 50) * 50;
      const sparse = [50, 100, 150, 200].map(checkpoint);
      expect(await verify(forked, { checkpoints: sparse })).toMatchObject({ kind: 'broken', atSequence: last + 1 });
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

  it('agrees with itself on how long it was: a longer log goes through every state it was in before', async () => {
    const sizes = [1, 2, 3, 64, 65, 127, 128, 199, 200];
    const earlier = log.slice(0, 150).map(({ hash }) => hash);
    expect(await verify(log, { checkpoints: sizes.map(checkpoint), earlier, head: at(3).hash })).toMatchObject({
      kind: 'intact',
    });
    expect(await verify(log, { head: 'f'.repeat(64) })).toMatchObject({ kind: 'broken' });
  });
});

describe('the tree of RFC 6962', () => {
  it('has the roots of the published vectors', () => {
    const tree = new MerkleTree();
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = leaves.map((leaf) => {
      tree.add(
        createHash('sha256')
          .update(Buffer.from([0]))
          .update(Buffer.from(leaf, 'hex'))
          .digest(),
      );
      return tree.root().toString('hex');
    });
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
    expect(new MerkleTree().root()).toEqual(EMPTY_ROOT);
  });
});

describe('a checkpoint', () => {
  it('opens with its key, and with nothing else', () => {
    const note = signer.sign(7, Buffer.alloc(32, 7));
    expect(openCheckpoint(note, signer.verifierKey)).toEqual({ origin: 'mlfi', size: 7, root: Buffer.alloc(32, 7) });
    expect(splitNotes(note + note)).toEqual([note, note]);
    for (let character = 0; character < note.length; character += 1) {
      const other = note[character] === 'A' ? 'B' : 'A';
      const changed = `${note.slice(0, character)}${other}${note.slice(character + 1)}`;
      if (changed === note) continue;
      expect(() => openCheckpoint(changed, signer.verifierKey), `character ${character}`).toThrow();
    }
    expect(() => openCheckpoint(note, newSigner().verifierKey)).toThrow(/not signed by mlfi/);
    expect(() => openCheckpoint(note, 'mlfi+00000000+AAAA')).toThrow(/not written as/);
  });
});

describe('clients/python/verify_audit.py, the second implementation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-audit-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const inPython = (
    lines: readonly string[],
    notes: readonly string[],
    key = signer.verifierKey,
  ): { readonly status: number | null; readonly at: number | null } => {
    writeFileSync(join(folder, 'export'), lines.join(''));
    writeFileSync(join(folder, 'notes'), notes.join(''));
    const script = join(import.meta.dirname, '../../../clients/python/verify_audit.py');
    const held = notes.length === 0 ? [] : ['--checkpoints', join(folder, 'notes'), '--key', key];
    const run = spawnSync('python3', [script, join(folder, 'export'), ...held], { encoding: 'utf8' });
    const [, at] = /broken at entry (\d+)/.exec(run.stdout) ?? [];
    return { status: run.status, at: at === undefined ? null : Number(at) };
  };

  it('is shorter than 100 lines', () => {
    const script = readFileSync(join(import.meta.dirname, '../../../clients/python/verify_audit.py'), 'utf8');
    expect(script.trim().split('\n').length).toBeLessThan(100);
  });

  it('agrees on the untouched log, on 16 changed bytes of an export, on cuts and on forks', async () => {
    const lines = log.map(auditExportLine);
    const notes = [50, 120, 200].map((size) => signer.sign(size, checkpoint(size).root));
    const checkpoints = notes.map((note) => openCheckpoint(note, signer.verifierKey));
    expect(inPython(lines, notes)).toEqual({ status: 0, at: null });
    expect(inPython(lines, notes, newSigner().verifierKey).status).toBe(2);
    const random = seededRandom(4);
    const cases: (readonly string[])[] = Array.from({ length: 16 }, () => {
      const line = Math.floor(random.next() * lines.length);
      const text = lines[line] ?? '';
      const byte = Math.floor(random.next() * (text.length - 1));
      const other = String.fromCharCode(text.charCodeAt(byte) ^ 1);
      return lines.map((old, index) =>
        index === line ? `${text.slice(0, byte)}${other}${text.slice(byte + 1)}` : old,
      );
    });
    cases.push(
      lines.slice(0, 119),
      lines.filter((_, index) => index !== 30),
      [...lines.slice(0, 9), ...lines.slice(8)],
    );
    for (const kept of [0, 60, 130]) cases.push((await rewrittenFrom(kept)).map(auditExportLine));
    for (const changed of cases) {
      const ours = await verifyAuditExport(changed.join(''), { checkpoints });
      if (ours.kind === 'intact') expect.fail('a changed log was called intact');
      expect(inPython(changed, notes)).toEqual({ status: 1, at: ours.atSequence });
    }
  }, 120_000);
});
