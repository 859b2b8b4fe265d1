import type { Attribution } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { confidenceByGroup, grouping } from './confidence-groups.js';

const MIN_ROWS = 50;

/**
 * How much of the change of mean confidence lies in rows whose value of a feature left what the baseline knew: their
 * share × (their mean − mean of the other rows). Correlational; features that moved together share the same rows.
 */
export function segmentContrasts(
  baselineRows: readonly Observation[],
  rows: readonly Observation[],
  reported: readonly string[],
): Attribution[] {
  if (rows.length < MIN_ROWS || baselineRows.length < MIN_ROWS) return [];
  return reported
    .flatMap((feature): Attribution[] => {
      const groupOf = grouping(baselineRows, feature);
      const known = confidenceByGroup(baselineRows, groupOf);
      const now = confidenceByGroup(rows, groupOf);
      let value = 0;
      let varied = false;
      for (const [group, { share, mean }] of now) {
        const before = known.get(group);
        if (before === undefined || share > 2 * before.share) {
          const others = [...now].filter(([other]) => other !== group);
          const rest =
            others.reduce((sum, [, other]) => sum + other.rows * other.mean, 0) /
            Math.max(
              1,
              others.reduce((sum, [, other]) => sum + other.rows, 0),
            );
          if (others.length > 0) value += share * (mean - rest);
          varied ||= others.length > 0;
        }
      }
      return varied ? [{ feature, value, standardError: null, method: 'segment-contrast' }] : [];
    })
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
}
