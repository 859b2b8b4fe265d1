import type { JsonObject } from './json.js';

export const EXECUTOR_IDS = [
  'webhook',
  'rebaseline',
  'github-workflow',
  'argo-workflow',
  'kubernetes',
  'mlflow',
  'command',
  'alertmanager-silence',
] as const;

export type ExecutorId = (typeof EXECUTOR_IDS)[number];

/** What would be done on approval, exactly. Null plan = advice for people, nothing to execute. */
export interface Plan {
  readonly executor: ExecutorId;
  readonly target: string;
  readonly parameters: JsonObject;
}
