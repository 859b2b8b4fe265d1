/** So many delays are remembered; older ones count half each time as many have come again. */
const REMEMBERED = 20_000;
/** Delays are told apart by steps of a fifth, from a second to half a year. */
const STEPS_PER_DOUBLING = 4;
const STEPS = 24 * STEPS_PER_DOUBLING;

/** A high quantile of delays, learnt as they come. */
export class DelayQuantile {
  private readonly counts: number[];

  /** @param counts what `snapshot` gave */
  constructor(counts: readonly number[] = []) {
    this.counts = Array.from({ length: STEPS + 1 }, (_, i) => counts[i] ?? 0);
  }

  add(delayMs: number): void {
    const step =
      delayMs > 0 ? Math.min(STEPS, 1 + Math.max(0, Math.ceil(STEPS_PER_DOUBLING * Math.log2(delayMs / 1_000)))) : 0;
    this.counts[step] = (this.counts[step] ?? 0) + 1;
    if (this.size < REMEMBERED) return;
    for (const [i, count] of this.counts.entries()) this.counts[i] = Math.floor(count / 2);
  }

  /**
   * The delay, ms, that at most this share of those remembered exceeds; 0 when none is remembered.
   * @param others counted in besides
   */
  exceededBy(share: number, others: readonly number[] = []): number {
    const counts = this.counts.map((count, i) => count + (others[i] ?? 0));
    const size = sum(counts);
    let later = size;
    const step = counts.findIndex((count) => (later -= count) <= share * size);
    return step <= 0 ? 0 : 1_000 * 2 ** ((step - 1) / STEPS_PER_DOUBLING);
  }

  snapshot(): readonly number[] {
    return [...this.counts];
  }

  /** As `snapshot`, with the weight of at most so many delays. */
  weighing(most: number): readonly number[] {
    const factor = Math.min(1, most / Math.max(1, this.size));
    return this.counts.map((count) => count * factor);
  }

  private get size(): number {
    return sum(this.counts);
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
