/** The audit log as the service and the command line use it: checkpoints on the way out, checks on demand. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Anchors } from './checkpointing.js';
import type { AuditVerdict } from '../../domain/audit.js';
import type { Clock, HttpClient, Logger, Store } from '../../domain/ports.js';
import { CheckpointSigner, openCheckpoint, splitNotes } from './checkpoint.js';
import { createCheckpointing, type Checkpointing } from './checkpointing.js';
import { parseAuditExport } from './export.js';
import { verifyAudit, verifyAuditExport, type HeldEvidence } from './verify.js';
import { switchExecutions } from '../rules/kill-switch.js';
import { SYSTEM } from '../../domain/actor.js';

const ANCHOR_FILE = 'audit-checkpoint';

export interface AuditSettings {
  readonly dataDirectory: string;
  readonly signingKeyFile: string;
  /** Name of the signer in the notes. */
  readonly name: string;
}

/** Checkpoints of the service's log, with the key in its file. @throws Error naming the file when the key cannot be used; the store is closed then */
export async function auditCheckpoints(
  settings: AuditSettings,
  ports: { readonly store: Store; readonly clock: Clock; readonly logger: Logger; readonly http: HttpClient },
  anchors: () => Anchors,
): Promise<Checkpointing> {
  const anchor = join(settings.dataDirectory, ANCHOR_FILE);
  return createCheckpointing({
    ...ports,
    signer: await signerOf(settings, anchor, ports.store).catch(async (error: unknown) => {
      await ports.store.close();
      throw error;
    }),
    anchors,
    anchorFile: {
      read: () => (existsSync(anchor) ? readFileSync(anchor, 'utf8') : null),
      write: (note) => {
        writeFileSync(`${anchor}.new`, note, { mode: 0o600 });
        renameSync(`${anchor}.new`, anchor);
      },
    },
  });
}

async function signerOf(
  { signingKeyFile, name }: AuditSettings,
  anchor: string,
  store: Store,
): Promise<CheckpointSigner> {
  if (!existsSync(signingKeyFile)) makeKey(signingKeyFile, nameNew);
  // Emptied before it has signed anything, as by a power cut in a first start: nothing is lost with it.
  else if (
    statSync(signingKeyFile).size === 0 &&
    !existsSync(anchor) &&
    (await store.audit.checkpoints(1)).length === 0
  )
    makeKey(signingKeyFile, renameSync);
  try {
    return new CheckpointSigner(readFileSync(signingKeyFile, 'utf8'), name);
  } catch {
    throw new Error(
      `${signingKeyFile} holds no Ed25519 private key in PEM; restore it, or move it away to sign with a new one (audit.signing_key_file)`,
    );
  }
}

/**
 * Writes a new key: whole, or not at all.
 * @param put gives the written file its name
 */
function makeKey(file: string, put: (from: string, to: string) => void): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const written = `${file}.${randomUUID()}`;
  try {
    writeFileSync(written, pem, { mode: 0o600, flag: 'wx', flush: true });
    put(written, file);
  } finally {
    rmSync(written, { force: true });
  }
}

/** Gives a file a name that is free: the key that another process made meanwhile stays. */
function nameNew(written: string, file: string): void {
  try {
    linkSync(written, file);
  } catch {
    // Where the file system has no links, a look must do.
    if (!existsSync(file)) renameSync(written, file);
  }
}

/** A log that is behind a checkpoint kept outside was restored or tampered with: nothing is executed until a person has looked. */
export async function stopWhenRestored(
  checkpointing: Checkpointing,
  store: Store,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  const how = await checkpointing.restored();
  if (how === null) return;
  logger.error(
    { how },
    'the audit log does not agree with its newest checkpoint; executions are stopped until the kill switch is released',
  );
  await store.governance(async (transaction) => {
    if ((await transaction.killSwitch()).on) return;
    await switchExecutions(transaction, true, `the audit log: ${how}`, SYSTEM, clock.now());
  });
}

/** What somebody holds of the log, as texts of files. */
export interface HeldTexts {
  readonly head: string | null;
  /** Signed notes, one after another. */
  readonly checkpoints: string | null;
  /** Public key the notes must be signed with; null takes them as they are. */
  readonly key: string | null;
  /** An earlier export. */
  readonly earlier: string | null;
}

/** @throws Error saying which of the texts cannot be read */
function heldEvidence({ head, checkpoints, key, earlier }: HeldTexts): HeldEvidence {
  const notes = checkpoints === null ? [] : splitNotes(checkpoints);
  if (checkpoints !== null && notes.length === 0) throw new Error('the file of checkpoints holds no signed note');
  const parsed = earlier === null ? null : parseAuditExport(earlier);
  if (parsed?.kind === 'broken') throw new Error(`the earlier export cannot be read: ${parsed.reason}`);
  return {
    head,
    checkpoints: notes.map((note) => openCheckpoint(note, key)),
    earlier: parsed?.entries.map(({ hash }) => hash) ?? [],
  };
}

/** Checks the log in a store. */
export const verifyLog = (store: Store, held: HeldTexts): Promise<AuditVerdict> =>
  verifyAudit((from, limit) => store.audit.read(from, limit), heldEvidence(held));

/** Checks an exported log, offline. */
export const verifyExportedLog = (text: string, held: HeldTexts): Promise<AuditVerdict> =>
  verifyAuditExport(text, heldEvidence(held));
