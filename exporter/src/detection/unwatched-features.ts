import type { FeatureKind, FeatureReadings } from '../domain/feature-kind.js';
import type { BlindSpot } from '../domain/finding.js';

const NAMED = 5;
const REASONS: readonly (readonly [kind: FeatureKind, reason: string])[] = [
  ['date', 'its values are dates, and new ones are in their nature; only whether they are there is watched'],
  ['identifier', 'each value names a row; only whether it is there is watched'],
];

/** Features whose values are not watched because of what they are. */
export function unwatchedFeatures(features: FeatureReadings): readonly BlindSpot[] {
  return REASONS.flatMap(([kind, reason]) => {
    const names = [...features].filter(([, reading]) => reading.kind === kind).map(([name]) => `\`${name}\``);
    if (names.length === 0) return [];
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return [{ check: `drift of ${names.slice(0, NAMED).join(', ')}${more}`, reason }];
  });
}
