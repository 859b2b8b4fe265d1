import { isAboutAnswers } from '../../domain/generation.js';
import { percent } from '../../domain/quantity-text.js';
import { compareCategorical } from '../../statistics/compare.js';
import { clopperPearsonLower, proportion } from '../../statistics/clopper-pearson.js';
import {
  featuresOf,
  isIdentifierLike,
  pairOf,
  significancePerSignal,
  windowOf,
  type Detector,
} from '../detection-input.js';
import type { Finding } from '../../domain/finding.js';

/**
 * Values of a categorical feature that the baseline never had. A baseline of n rows may have missed a share of about 3/n,
 * and one that was read from the store has lost the names of its rare ones.
 */
export const unseenCategories: Detector = {
  id: 'unseen-categories',
  detect(input) {
    const findings = featuresOf(input).flatMap((feature): Finding[] => {
      const pair = pairOf(input, `feature:${feature}`);
      if (pair?.kind !== 'categorical' || isIdentifierLike(pair.before)) return [];
      const comparison = compareCategorical(pair.before, pair.now);
      const count = Math.round(comparison.unseenShare * comparison.nNow);
      const overlooked = (3 + pair.before.other) / comparison.nBefore;
      if (comparison.unseenShare < input.thresholds.unseenShare) return [];
      if (clopperPearsonLower(count, comparison.nNow, significancePerSignal(input)) <= overlooked) return [];
      const named = comparison.unseen.filter((name) => (pair.now.categories.get(name) ?? 0) >= 10).slice(0, 3);
      const names = named.length === 0 ? '' : `, such as ${named.map((name) => `“${name.slice(0, 40)}”`).join(', ')}`;
      return [
        {
          detector: 'unseen-categories',
          subject: `feature:${feature}`,
          kind: isAboutAnswers(`feature:${feature}`) ? 'model' : 'data',
          direction: 'up',
          statistic: { name: 'unseen_share', value: comparison.unseenShare },
          threshold: input.thresholds.unseenShare,
          pValue: null,
          effect: {
            measure: 'share',
            value: comparison.unseenShare,
            interval: proportion(count, comparison.nNow).interval,
          },
          statistics: [],
          before: 0,
          now: comparison.unseenShare,
          window: windowOf(input),
          baselineSamples: comparison.nBefore,
          sentence: `${percent(comparison.unseenShare)} of “${feature}” are categories the baseline never had${names}.`,
        },
      ];
    });
    return { findings, blindSpots: [] };
  },
};
