/** One link of the hash chain. `hash` = SHA-256(0x00 ‖ previousHash ‖ sequence as 8 bytes big-endian ‖ body), hex. */
export interface AuditEntry {
  readonly sequence: number;
  readonly previousHash: string;
  /** Canonical JSON (RFC 8785) bytes, stored as bytes and never re-serialised. */
  readonly body: Uint8Array;
  readonly hash: string;
}

export type AuditVerdict =
  | { readonly kind: 'intact'; readonly entries: number; readonly headHash: string }
  | { readonly kind: 'broken'; readonly atSequence: number; readonly reason: string };
