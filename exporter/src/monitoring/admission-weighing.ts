import type { LearningState } from '../domain/profile.js';

/** Weighing grows a forest: it is worth it again once so many more calls are known. */
const WORTH_WEIGHING = 1.05;

/**
 * When a learning period whose counts would admit it is weighed again: by how many calls it has, and once the model fails or
 * does so no more, not by how often anyone looks. Of one learning period: what was said of another says nothing of it.
 */
export class AdmissionWeighing {
  private calls = 0;
  private wasFailing = false;
  private verdict: LearningState['verdict'] | null = null;

  isDue({ profile }: LearningState, isFailing: boolean): boolean {
    return isFailing !== this.wasFailing || profile.calls >= WORTH_WEIGHING * this.calls;
  }

  /** What was said when it was weighed still holds. */
  asBefore(learning: LearningState): LearningState {
    return this.verdict === null ? learning : { ...learning, verdict: this.verdict };
  }

  /** It has been weighed. */
  note({ profile, verdict }: LearningState, isFailing: boolean): void {
    this.calls = profile.calls;
    this.wasFailing = isFailing;
    this.verdict = verdict;
  }
}
