const FOLDED_MS = 60_000;
const ERRORS_REMEMBERED = 1_000;

/** Errors that come again and again: told once a minute each, with how many came in between. */
export class RepeatedErrors {
  /** When each was last told, and how often it came since; the one that was told longest ago first. */
  private readonly known = new Map<string, { readonly toldAtMs: number; untold: number }>();

  /** @returns how often it came since it was last told; null when it is not to be told now */
  came(error: string, nowMs: number): number | null {
    const before = this.known.get(error);
    // A clock that was set back keeps nothing untold for longer.
    if (before !== undefined && Math.abs(nowMs - before.toldAtMs) < FOLDED_MS) {
      before.untold += 1;
      return null;
    }
    this.known.delete(error);
    this.known.set(error, { toldAtMs: nowMs, untold: 0 });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= ERRORS_REMEMBERED) break;
      this.known.delete(oldest);
    }
    return before?.untold ?? 0;
  }
}
