import type { Json } from '../../../domain/json.js';
import type { GoldenInput } from '../../../domain/model.js';

const GOLDEN_INPUTS = 5;

/** A fixed set of golden inputs out of payloads known to work: the first ones, so that the same payloads give the same set. */
export function chooseGoldenInputs(payloads: readonly Json[], count: number = GOLDEN_INPUTS): GoldenInput[] {
  return payloads
    .slice(0, count)
    .map((payload, index) => ({ id: `golden-${index + 1}`, payload, origin: 'generated' }));
}
