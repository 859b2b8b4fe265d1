import { counted } from '../domain/quantity-text.js';
import { UNDERSTANDING } from '../domain/finding.js';
import type { Json } from '../domain/json.js';
import { setupProblem, type SetupProblem } from '../domain/setup-problem.js';
import type { Evaluation } from './evaluate.js';

const LONGEST_SENT = 300;

/** One of the payloads, for a sentence. */
export const sentText = ([first]: readonly Json[]): string => JSON.stringify(first ?? null).slice(0, LONGEST_SENT);

/** Why responses to what mlfi thought up mean nothing: they are all the same; null where they are not. @param calls how many responses there are */
export function notUnderstood(
  { diagnosis: { blindSpots } }: Pick<Evaluation, 'diagnosis'>,
  calls: number,
  payloads: readonly Json[],
): SetupProblem | null {
  if (!blindSpots.some(({ check }) => check === UNDERSTANDING)) return null;
  return setupProblem(
    'not-understood',
    `The model answered all of ${counted(calls, 'probe')} the same; it may not have understood them (sent: ${sentText(payloads)}).`,
  );
}
