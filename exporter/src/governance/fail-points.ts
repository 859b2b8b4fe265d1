/** Moments at which a crash must neither lose nor double an action; the crash tests kill the process at each. */
export const FAIL_POINTS = [
  'before-vote-commit',
  'after-vote-commit',
  'before-claim-commit',
  'before-send',
  'after-send',
  'before-record-commit',
  'after-record-commit',
] as const;
export type FailPoint = (typeof FAIL_POINTS)[number];
