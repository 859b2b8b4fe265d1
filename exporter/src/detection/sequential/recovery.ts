/** State of `Recovery`. */
export interface RecoveryState {
  readonly memory: number;
  readonly level: number;
  readonly steps: number;
}

/**
 * Watches a signal after an alarm for being normal again: an exponentially weighted mean over about as many steps as the
 * alarm took to come. What was seen over n steps is also seen to be gone over n steps.
 */
export class Recovery {
  private level: number;
  private steps: number;
  private readonly memory: number;

  /** @param from steps to remember, at least 1; or a snapshot */
  constructor(from: number | RecoveryState) {
    if (typeof from === 'number') {
      this.memory = Math.min(128, Math.max(16, Math.ceil(from)));
      this.level = 0;
      this.steps = 0;
    } else ({ memory: this.memory, level: this.level, steps: this.steps } = from);
  }

  add(x: number): void {
    this.steps += 1;
    this.level += (x - this.level) / Math.min(this.steps, this.memory);
  }

  /**
   * Normal again: enough steps, and their mean lies in [`low`, `high`] widened by two standard errors of values with
   * `variance`: that of the steps, and that of the normal they are compared with.
   * @param known how many values the normal was learnt from; left out when `low` and `high` allow for that already
   */
  within(low: number, high: number, variance: number, known = Infinity): boolean {
    const margin = 2 * Math.sqrt(variance * (1 / (2 * this.memory - 1) + 1 / known));
    return this.steps >= this.memory && this.level >= low - margin && this.level <= high + margin;
  }

  snapshot(): RecoveryState {
    return { memory: this.memory, level: this.level, steps: this.steps };
  }
}
