import { createHash } from 'node:crypto';

/** Root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT = createHash('sha256').digest();

const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();

/**
 * Merkle tree of RFC 6962 §2.1 that grows leaf by leaf and keeps only one hash per bit of its size. The leaves are the
 * hashes of the audit entries: they already are SHA-256(0x00 ‖ …), RFC 6962's leaf hash of previous hash ‖ sequence ‖ body.
 */
export class MerkleTree {
  /** Roots of the full subtrees, largest first, with their sizes. */
  private readonly subtrees: { readonly size: number; readonly hash: Uint8Array }[] = [];
  size = 0;

  /** @param leafHash 32 bytes */
  add(leafHash: Uint8Array): void {
    this.size += 1;
    let grown: { size: number; hash: Uint8Array } = { size: 1, hash: leafHash };
    for (let last = this.subtrees.at(-1); last?.size === grown.size; last = this.subtrees.at(-1)) {
      this.subtrees.pop();
      grown = { size: 2 * grown.size, hash: nodeHash(last.hash, grown.hash) };
    }
    this.subtrees.push(grown);
  }

  /** 32 bytes. */
  root(): Buffer {
    const [smallest, ...larger] = this.subtrees.toReversed();
    if (smallest === undefined) return EMPTY_ROOT;
    return Buffer.from(larger.reduce((right, { hash }) => nodeHash(hash, right), smallest.hash));
  }
}
