import type { Differential } from '../../domain/differential.js';
import type { FeatureEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { lostValues } from '../indicators/indicator.js';

/** Whether features that lost values lose them in the same rows, as when one source or join is gone. Null with fewer than two. */
export function missingTogether(
  features: readonly FeatureEvidence[],
  rows: readonly Observation[],
): Differential['missingTogether'] {
  const flooded = features.filter(lostValues).map(({ feature }) => feature);
  if (flooded.length < 2) return null;
  let any = 0;
  let all = 0;
  for (const row of rows) {
    if (row.features === null) continue;
    const missing = flooded.filter((feature) => (row.features?.[feature] ?? null) === null).length;
    if (missing > 0) any += 1;
    if (missing === flooded.length) all += 1;
  }
  return any === 0 ? null : { features: flooded, share: all / any };
}
