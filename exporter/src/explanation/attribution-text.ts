import { counted, signed } from '../domain/quantity-text.js';
import type { Diagnosis } from '../domain/cause.js';

/** Features named at most. */
const MAX_FEATURES = 4;
/** Change of the output below which a feature is not named. */
const MIN_PART = 0.01;

/** Which inputs carry the change of the answers, and how that was found out; empty when nothing is known. */
export function attributionText({ attributions, experiment, surrogate = null, features }: Diagnosis): string {
  const [most] = attributions.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  // By correlation a feature beside the one blamed can carry the change; what the live model says is told whatever the cause.
  const isAsked = most?.method === 'interventional-shapley';
  if (most !== undefined && !isAsked && features.length > 0 && !features.includes(most.feature)) return '';
  const named = attributions.filter(({ value }) => Math.abs(value) >= MIN_PART).slice(0, MAX_FEATURES);
  const [first] = named;
  if (first === undefined) return '';
  const parts = named.map(
    ({ feature, value, standardError }) =>
      `“${feature}” ${signed(value)}${standardError === null ? '' : ` ± ${(1.96 * standardError).toFixed(2)}`}`,
  );
  if (first.method === 'interventional-shapley')
    return `With the inputs put back to what they were, the output of the live model changes by ${parts.join(', ')} (${counted(experiment?.calls ?? 0, 'call')}).`;
  if (first.method === 'surrogate-shapley')
    return `The model was not asked; a copy fitted to ${counted(surrogate?.rows ?? 0, 'logged prediction')} (R² ${(surrogate?.rSquared ?? 0).toFixed(2)} on predictions it had not seen) attributes the change to ${parts.join(', ')}.`;
  return `The model was not asked. By correlation alone, the change lies with ${parts.join(', ')}.`;
}
