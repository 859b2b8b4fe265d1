import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** A state of the log somebody may hold: its first `size` entries have this Merkle root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

const ED25519 = 1;
/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const rawKey = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);

const keyId = (name: string, raw: Uint8Array): Buffer =>
  createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.from([ED25519]))
    .update(raw)
    .digest()
    .subarray(0, 4);

/** Signs checkpoints as C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint). */
export class CheckpointSigner {
  private readonly key: KeyObject;
  private readonly raw: Buffer;

  /**
   * @param pem Ed25519 private key, PKCS #8
   * @throws Error when it is no such key
   */
  constructor(
    pem: string,
    private readonly name: string,
  ) {
    this.key = createPrivateKey(pem);
    if (this.key.asymmetricKeyType !== 'ed25519') throw new Error('the audit signing key is no Ed25519 key');
    this.raw = rawKey(createPublicKey(this.key));
  }

  /** The public key as checkers take it: `<name>+<key id>+<key>`. */
  get verifierKey(): string {
    const body = Buffer.concat([Buffer.from([ED25519]), this.raw]).toString('base64');
    return `${this.name}+${keyId(this.name, this.raw).toString('hex')}+${body}`;
  }

  sign(size: number, root: Uint8Array): string {
    const text = `${this.name}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
    const signature = Buffer.concat([keyId(this.name, this.raw), sign(null, Buffer.from(text), this.key)]);
    return `${text}\n\u2014 ${this.name} ${signature.toString('base64')}\n`;
  }
}

/**
 * Reads a signed checkpoint and checks its signature.
 * @param verifierKey `<name>+<key id>+<key>`; null reads without checking, for notes held in one's own hands
 * @throws Error saying what is wrong with the note or the key
 */
export function openCheckpoint(note: string, verifierKey: string | null): Checkpoint {
  const split = note.indexOf('\n\n');
  if (split < 0) throw new Error('this is no signed checkpoint');
  const text = note.slice(0, split + 1);
  const [origin = '', size = '', root = ''] = text.split('\n');
  const bytes = fromBase64(root);
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || bytes.length !== 32)
    throw new Error('this is no checkpoint: origin, size and root are needed');
  if (verifierKey !== null) checkSignature(text, note.slice(split + 2), verifierKey);
  return { origin, size: Number(size), root: bytes };
}

function checkSignature(text: string, signatures: string, verifierKey: string): void {
  const [, name = '', id = '', body = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(verifierKey) ?? [];
  const key = fromBase64(body);
  const raw = key.subarray(1);
  if (key[0] !== ED25519 || raw.length !== 32 || keyId(name, raw).toString('hex') !== id)
    throw new Error('the key is not written as <name>+<key id>+<key>');
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  for (const line of signatures.split('\n')) {
    const [, by, encoded = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const signature = fromBase64(encoded);
    if (by !== name || signature.subarray(0, 4).toString('hex') !== id) continue;
    if (verify(null, Buffer.from(text), publicKey, signature.subarray(4))) return;
  }
  throw new Error(`the checkpoint is not signed by ${name}`);
}

/** Bytes of canonical base64; none for any other way of writing them. */
function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : Buffer.alloc(0);
}

/** The notes of a file in which they stand one after another. */
export function splitNotes(text: string): readonly string[] {
  const notes = text.match(/[^\n]+\n(?:[^\n]+\n)+\n(?:\u2014 [^\n]+\n?)+/g);
  return notes ?? [];
}
