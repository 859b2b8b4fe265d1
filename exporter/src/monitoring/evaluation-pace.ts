/** How far a model's time may run between evaluations while an alarm stands: at first little, then twice as far each time … */
const FIRST_STEP_MS = 60_000;
/** … but for as many evaluations as close an incident, and some, once what changed is normal again: what changes after that is another one. */
const STEPS_TO_CLOSE = 5;
/** A signal on the verge of normal is so time and again. */
const RECOVERIES_SEEN = 3;

/**
 * Lets a model's own time run no further than its evaluations: rows that come all at once pass an alarm as slowly as rows that
 * came one by one, so that its incident opens and closes as it would have.
 */
export class EvaluationPace {
  private limitMs = Infinity;
  private stepMs = FIRST_STEP_MS;
  private isUnseen = false;
  /** So many evaluations more see time run on by the first step. */
  private shortSteps = 0;
  private recoveriesLeft = RECOVERIES_SEEN;

  /** Nothing newer is judged before the next evaluation. */
  get untilMs(): number {
    return this.limitMs;
  }

  /** Something was found that an evaluation has to see as it is now. */
  found(atMs: number): void {
    this.recoveriesLeft = RECOVERIES_SEEN;
    this.stop(atMs, 0);
  }

  /** What was found is normal again. @returns whether an evaluation has to see that */
  recovered(atMs: number): boolean {
    if (this.recoveriesLeft === 0) return false;
    this.recoveriesLeft -= 1;
    this.stop(atMs, STEPS_TO_CLOSE);
    return true;
  }

  private stop(atMs: number, shortSteps: number): void {
    this.limitMs = atMs;
    this.stepMs = FIRST_STEP_MS;
    this.shortSteps = shortSteps;
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
      if (this.shortSteps > 0) this.shortSteps -= 1;
      else this.stepMs *= 2;
    } else this.limitMs = Infinity;
    return true;
  }
}
