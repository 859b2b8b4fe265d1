import { plain, type CauseDefinition } from './cause-definition.js';
import { callsFail, noneAnswered } from './calls-fail.js';
import { saidByFailures } from './said-by-failures.js';

/** Share of the failures that must be timeouts, or of the statuses that must say busy. */
const MIN_SHARE = 0.3;

/**
 * The server cannot keep up: it stops answering for a while, again and again.
 * Predicts: timeouts or refusals in bursts, late answers between them.
 */
export const overloadedEndpoint: CauseDefinition = {
  id: 'overloaded-endpoint',
  leadIndicators: ['failures-in-bursts', 'server-says-busy', 'timeouts', 'slow'],
  expects: ['calls-fail'],
  excludes: ['no-answers-at-all', 'transport-failures', 'unreadable-answers', 'failures-in-one-group'],
  hypotheses(symptoms) {
    const { failures, failuresByReason, failuresInBursts, refusedAsBusy } = symptoms.service;
    if (failures.count === 0 || !callsFail(symptoms) || saidByFailures(symptoms) !== null) return [];
    // It answers between, or late.
    if (noneAnswered(symptoms) && (failuresByReason.timeout ?? 0) === 0) return [];
    const late = (failuresByReason.timeout ?? 0) / failures.count > MIN_SHARE;
    const busy = refusedAsBusy !== null && refusedAsBusy.share > MIN_SHARE;
    // Bursts alone do not tell load from a fault of the server's own; a status of 500 says it is its own, and where nothing
    // listens nobody is busy.
    const nobodyListens = (failuresByReason.connect ?? 0) / failures.count > MIN_SHARE;
    const unexplainedBursts = failuresInBursts === true && refusedAsBusy === null && !nobodyListens;
    if (!late && !busy && !unexplainedBursts) return [];
    const how = late ? 'timeouts' : busy ? 'refusals' : 'failures';
    return [plain(`Overloaded endpoint: ${how}${failuresInBursts === true ? ' in bursts' : ''}`)];
  },
};
