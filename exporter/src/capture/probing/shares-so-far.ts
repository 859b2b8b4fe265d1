import type { LoneShare, Prediction } from '../../domain/observation.js';
import type { LearntAnswers } from '../../domain/probed-model.js';

/** How a probability beside an answer is taken: of that answer, of yes, or as something else, with why. */
export type Taken = 'of-the-answer' | 'of-yes' | 'outside' | 'too-low';

const YES = /^(1|1\.0|true|yes)$/i;
const NO = /^(0|0\.0|false|no)$/i;
const MOST_CLASSES = 100;
/** So many different answers a class, and one, show that nearly all classes were seen. */
const EACH = 2;
/** Answers after which a low confidence is doubt, whatever comes. */
const ESTABLISHED = 30;
const ROUNDING = 1e-3;

/**
 * What the one probability beside the answers of a model is of, by all of its answers so far. Beside yes or no it is that of yes, until
 * another value is seen. How sure a model is of the likeliest of n classes is never below 1/n: what is, is something else (a risk, a
 * distance), unless answers that came before had shown it to be a confidence.
 */
export class SharesSoFar {
  private readonly classes = new Set<string>();
  private readonly different = new Set<string>();
  private lowest = Infinity;
  private isOutside = false;
  private taken = 0;
  /** As it was read when the baseline was learnt, which is compared with what is read now. */
  private learnt: Taken | null = null;

  note(prediction: Prediction, { share }: LoneShare, learnt: LearntAnswers | null): void {
    if (learnt !== null) {
      this.learnt ??= this.classes.size > 0 ? this.read() : takenIn(learnt);
      return;
    }
    this.learnt = null;
    if (this.classes.size < MOST_CLASSES) this.classes.add(String(prediction));
    if (this.different.size <= EACH * MOST_CLASSES) this.different.add(`${String(prediction)} ${share}`);
    const wasTaken = this.taken >= ESTABLISHED;
    if (!wasTaken && share === null) this.isOutside = true;
    if (!wasTaken && share !== null) this.lowest = Math.min(this.lowest, share);
    const is = this.read();
    this.taken = is === 'of-the-answer' || is === 'of-yes' ? this.taken + 1 : 0;
  }

  read(): Taken {
    if (this.learnt !== null) return this.learnt;
    if (this.isOutside) return 'outside';
    const classes = [...this.classes];
    if (isOfYes(classes)) return 'of-yes';
    const least = 1 / Math.max(2, classes.length) - ROUNDING;
    return this.different.size > EACH * classes.length && this.lowest < least ? 'too-low' : 'of-the-answer';
  }
}

/** Nothing but yes and no, and a no among them. */
const isOfYes = (classes: readonly string[]): boolean =>
  classes.every((one) => YES.test(one) || NO.test(one)) && classes.some((one) => NO.test(one));

/** As the answers of a baseline were read that a process before this one learnt. */
function takenIn({ classes, hasConfidence }: LearntAnswers): Taken {
  if (!hasConfidence) return 'too-low';
  return isOfYes(classes) ? 'of-yes' : 'of-the-answer';
}
