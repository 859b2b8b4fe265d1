/** One link of the hash chain. `hash` = SHA-256(0x00 ‖ previousHash ‖ sequence as 8 bytes big-endian ‖ body), hex. */
export interface AuditEntry {
  readonly sequence: number;
  readonly previousHash: string;
  /** Canonical JSON (RFC 8785) bytes, stored as bytes and never re-serialised. */
  readonly body: Uint8Array;
  readonly hash: string;
}

/** A signed state of the log (C2SP signed note) at `size` entries. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly atMs: number;
  readonly note: string;
}

/** `root`: base64 Merkle root (RFC 6962) over the entries' hashes. */
export type AuditVerdict =
  | { readonly kind: 'intact'; readonly entries: number; readonly headHash: string; readonly root: string }
  | { readonly kind: 'broken'; readonly atSequence: number; readonly reason: string };
