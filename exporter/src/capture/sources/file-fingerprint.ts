/** As much of how a file begins, and as much of what was read of it last, as it is known again by. */
const END_BYTES = 1_024;

/** At most `length` bytes of the file from `offset`. */
export type FileReader = (offset: number, length: number) => Promise<Buffer>;

/**
 * Tells a file that has only grown from one that was written anew in its place (rotation by `copytruncate`), which may be longer
 * by now. Keeps a keyed hash and nothing of the text.
 */
export class FileFingerprints {
  /** @param hash keyed: what a file holds cannot be tried against it */
  constructor(private readonly hash: (text: string) => string) {}

  /** Of the first `bytes` of a file. */
  async of(read: FileReader, bytes: number): Promise<string> {
    return this.hashed(await endsOf(read, bytes));
  }

  /** Whether the first `bytes` of the file are those that `fingerprint` was taken of. */
  async isStill(read: FileReader, bytes: number, fingerprint: string): Promise<boolean> {
    const ends = await endsOf(read, bytes);
    if (this.hashed(ends) === fingerprint) return true;
    // A writer that does not append goes on in its place in a file that was emptied: what is before is a hole.
    return ends.length === 2 * Math.min(bytes, END_BYTES) && ends.every((byte) => byte === 0);
  }

  private hashed(ends: Buffer): string {
    return this.hash(`log file:${ends.toString('latin1')}`);
  }
}

async function endsOf(read: FileReader, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, END_BYTES);
  return Buffer.concat([await read(0, length), await read(bytes - length, length)]);
}
