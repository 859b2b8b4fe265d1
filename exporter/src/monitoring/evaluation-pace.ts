/** How far a model's time may run between evaluations while an alarm stands: at first little, then twice as far each time. */
const FIRST_STEP_MS = 60_000;

/**
 * Lets a model's own time run no further than its evaluations: rows that come all at once pass an alarm as slowly as rows that
 * came one by one, so that its incident opens and closes as it would have.
 */
export class EvaluationPace {
  private limitMs = Infinity;
  private stepMs = FIRST_STEP_MS;
  private isUnseen = false;

  /** Nothing newer is judged before the next evaluation. */
  get untilMs(): number {
    return this.limitMs;
  }

  /** Something was found that an evaluation has to see as it is now. */
  found(atMs: number): void {
    this.limitMs = atMs;
    this.stepMs = FIRST_STEP_MS;
    this.isUnseen = true;
  }

  /** An evaluation begins. @returns whether time may run on before it */
  begins(isAlarmed: boolean): boolean {
    if (this.isUnseen) {
      this.isUnseen = false;
      return false;
    }
    if (isAlarmed && this.limitMs !== Infinity) {
      this.limitMs += this.stepMs;
      this.stepMs *= 2;
    } else this.limitMs = Infinity;
    return true;
  }
}
