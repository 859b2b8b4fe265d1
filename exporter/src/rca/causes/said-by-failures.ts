import type { CauseId } from '../../domain/cause.js';
import { FAILURE_REASONS, type FailureReason } from '../../domain/observation.js';
import type { Symptoms } from '../../domain/symptoms.js';
import { has } from '../indicators/indicator.js';
import { callsFail } from './calls-fail.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/** Failures that say themselves what is wrong, by a status or by an error of the connection, and the cause each of them names. */
const CAUSE_OF: Readonly<Partial<Record<FailureReason, CauseId>>> = {
  credentials: 'credentials-refused',
  certificate: 'certificate-invalid',
  not_found: 'endpoint-not-found',
  moved: 'endpoint-moved',
  rate_limited: 'rate-limited',
  payload_refused: 'payload-refused',
  error_body: 'error-in-answer',
  no_answer: 'error-in-answer',
  not_json: 'error-in-answer',
};
/** Share of the failures that must say the same. */
const MOST = 0.5;

/** The reason that most of the failures have; null where none has. */
export function mostFailFor({ service: { failures, failuresByReason } }: Symptoms): FailureReason | null {
  return FAILURE_REASONS.find((one) => (failuresByReason[one] ?? 0) > MOST * failures.count) ?? null;
}

/** What most failures say by themselves; null where they leave open what is wrong. */
export function saidByFailures(symptoms: Symptoms): CauseId | null {
  const reason = mostFailFor(symptoms);
  return reason === null ? null : (CAUSE_OF[reason] ?? null);
}

/**
 * A cause that the failing calls name themselves. It is a narrower version of the model being unreachable, of its errors or of
 * its overload, and stands in the place of that: the same evidence counts for it, and by how much was fitted there.
 * @param titles of failures for a reason that has words of its own
 */
export const saidBy = (
  id: CauseId,
  usual: string,
  broader: CauseId | null = null,
  titles: Readonly<Partial<Record<FailureReason, string>>> = {},
): CauseDefinition => ({
  id,
  leadIndicators: ['no-answers-at-all', 'calls-fail'],
  expects: [],
  excludes: ['failures-in-one-group'],
  hypotheses(symptoms) {
    if (saidByFailures(symptoms) !== id || !callsFail(symptoms)) return [];
    const { said } = symptoms.service;
    const reason = mostFailFor(symptoms);
    const title = (reason === null ? undefined : titles[reason]) ?? usual;
    const isOut = has(symptoms, 'unreachable');
    return [
      plain(said === null ? title : `${title} (${said})`, {
        shareExplained: isOut ? 1 : null,
        weighedAs: isOut ? 'model-unreachable' : (broader ?? 'endpoint-errors'),
      }),
    ];
  },
});
