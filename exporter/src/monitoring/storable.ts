import { startLearning, storableUnjudged } from '../baseline/learning.js';
import type { BaselineProfile, LearningState, SignalKey, WindowProfile } from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import { foldRareCategories } from '../statistics/rare-categories.js';
import type { BaselinePhase } from './baseline-lifecycle.js';

/** Makes a window one that may be stored: without categories that are rare, unless the baseline has them often. */
export function storableIn(phase: BaselinePhase): (profile: WindowProfile) => WindowProfile {
  if (phase.kind === 'learning') return (profile) => foldRareCategories(profile, new Map());
  const { profile: like } = phase.stored;
  const named = namedIn(like);
  return (profile) => foldRareCategories(profile, named, like.groups);
}

/**
 * The learning to store.
 * @param learning the period that runs; null outside of one
 * @param admitted a version whose learning is over, if it is about to be stored
 */
export function storableLearning(
  learning: LearningState | null,
  admitted: BaselineProfile | null,
  requirements: BaselineRequirements,
): LearningState | null {
  if (learning === null) {
    if (admitted === null) return null;
    const verdict = { kind: 'admitted', atMs: admitted.admittedAtMs } as const;
    return { ...startLearning(admitted.version + 1, requirements), verdict };
  }
  const profile = foldRareCategories(learning.profile, new Map());
  const firstHalf = learning.firstHalf === null ? null : foldedLike(profile, learning.firstHalf);
  return { ...learning, profile, firstHalf, ...storableUnjudged(learning) };
}

/** The window with only those rare categories and groups that `like` names, which holds none that are rare in it. */
const foldedLike = (like: WindowProfile, window: WindowProfile): WindowProfile =>
  foldRareCategories(window, namedIn(like), like.groups);

function namedIn(like: WindowProfile): ReadonlyMap<SignalKey, ReadonlySet<string>> {
  const named = new Map<SignalKey, ReadonlySet<string>>();
  for (const [key, counts] of like.signals)
    if (counts.kind === 'categorical') named.set(key, new Set(counts.categories.keys()));
  return named;
}
