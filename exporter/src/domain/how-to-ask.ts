import type { Model } from './model.js';

/** How a model is asked, and with what. */
export type HowToAsk = Pick<Model, 'endpoint' | 'probePayloads' | 'goldenInputs'>;

/**
 * Whether a model is still asked the way it was when a search for another way began. By identity: whoever changed it
 * meanwhile, be it back again, decided something that the search knows nothing of.
 */
export const isAskedAs = (now: Model, begun: Model): boolean =>
  now.endpoint === begun.endpoint && now.probePayloads === begun.probePayloads;

/**
 * The model asked the way that a search found; all else, and golden inputs that were changed meanwhile, stay.
 * @param begun the model as it was when the search began
 * @returns null when it is asked otherwise by now: what was found is about another way
 */
export function askedAnew(now: Model, begun: Model, found: HowToAsk): Model | null {
  if (!isAskedAs(now, begun)) return null;
  const areGoldenSame = JSON.stringify(now.goldenInputs) === JSON.stringify(begun.goldenInputs);
  return { ...now, ...found, goldenInputs: areGoldenSame ? found.goldenInputs : now.goldenInputs };
}
