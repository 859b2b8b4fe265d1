import type { Observation } from '../domain/observation.js';

/** True when the label says otherwise than the answer; null without answer or label. */
export function isWrong({ prediction, label }: Observation): boolean | null {
  return prediction === null || label === null ? null : String(prediction).trim() !== String(label).trim();
}
