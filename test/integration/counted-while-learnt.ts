import type { LearningState, WindowProfile } from '../../exporter/src/domain/profile.js';
import { mergeWindows } from '../../exporter/src/statistics/window-profile.js';

/** All that came while a baseline was learnt, also what was lost, or would be now, before it was judged. */
export const countedWhileLearnt = ({
  profile,
  unjudged = [],
}: Pick<LearningState, 'profile' | 'unjudged'>): WindowProfile =>
  unjudged.map(({ counts }) => counts).reduce(mergeWindows, profile);
