import { isAboutAnswers } from '../../domain/generation.js';
import { percent } from '../../domain/quantity-text.js';
import { compareCategorical, isUnseenBeyondChance } from '../../statistics/compare.js';
import { isNameable } from '../../statistics/rare-categories.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { isIdentifierLike } from '../../statistics/signal-counts.js';
import { featuresOf, pairOf, significancePerSignal, windowOf, type Detector } from '../detection-input.js';
import type { Finding } from '../../domain/finding.js';

/**
 * Values of a categorical feature that the baseline never had, where they are more than one of its size must have missed: it
 * cannot have seen all rare ones, and one that was read from the store has lost their names.
 */
export const unseenCategories: Detector = {
  id: 'unseen-categories',
  detect(input) {
    const findings = featuresOf(input).flatMap((feature): Finding[] => {
      const pair = pairOf(input, `feature:${feature}`);
      if (pair?.kind !== 'categorical' || isIdentifierLike(pair.before)) return [];
      const comparison = compareCategorical(pair.before, pair.now);
      const count = Math.round(comparison.unseenShare * comparison.nNow);
      if (comparison.unseenShare < input.thresholds.unseenShare) return [];
      if (!isUnseenBeyondChance(comparison, significancePerSignal(input))) return [];
      const named = comparison.unseen.filter((name) => isNameable(name, pair.before, pair.now)).slice(0, 3);
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
