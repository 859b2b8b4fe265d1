import type { Json } from '../../../domain/json.js';

/** Ten thousand values, or half a million numbers of tensors. */
const MOST = 1_000_000;
const OF_A_VALUE = 100;
const OF_A_NUMBER = 2;
const LARGE = 50_000;
/** Deeper examples than any that somebody wrote would end the stack. */
export const DEEPEST_EXAMPLE = 64;
export const VARIANTS = 8;
/** Of large payloads two are variety enough. */
const VARIANTS_OF_LARGE = 2;

/**
 * What one payload may come to, spent on all its parts: who describes what a model takes must not choose how much time and
 * memory a question costs.
 */
export class PayloadBudget {
  private spent = 0;

  /** Nothing more is made once it is spent. */
  get isSpent(): boolean {
    return this.spent > MOST;
  }

  get isLarge(): boolean {
    return this.spent > LARGE;
  }

  /** Takes for one value, and for its characters where it has many. @returns whether there was enough */
  forValue(characters = 0): boolean {
    this.spent += OF_A_VALUE + characters;
    return !this.isSpent;
  }

  /** @returns whether there was enough */
  forValues(count: number): boolean {
    return this.forValue((count - 1) * OF_A_VALUE);
  }

  /** Takes for the numbers of a tensor. @returns whether there was enough */
  forNumbers(count: number): boolean {
    this.spent += OF_A_NUMBER * count;
    return !this.isSpent;
  }
}

/** Several different payloads, made one by one with a budget each. */
export function variants(make: (variant: number, budget: PayloadBudget) => Json): Json[] {
  const payloads: Json[] = [];
  for (let variant = 0; variant < VARIANTS; variant += 1) {
    const budget = new PayloadBudget();
    payloads.push(make(variant, budget));
    if (budget.isLarge && payloads.length === VARIANTS_OF_LARGE) break;
  }
  return payloads;
}
