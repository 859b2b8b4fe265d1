import { plain, type CauseDefinition } from './cause-definition.js';
import { callsFail } from './calls-fail.js';

const MANY_TIMEOUTS = 0.3;

/** The server cannot keep up: it stops answering for a while, again and again. */
export const overloadedEndpoint: CauseDefinition = {
  id: 'overloaded-endpoint',
  predicts: 'timeouts or errors in bursts, late answers between them',
  telling: ['failures-in-bursts', 'timeouts', 'slow'],
  hypotheses(evidence) {
    const { failures, failuresByReason, failuresInBursts } = evidence.service;
    if (failures.count === 0 || !callsFail(evidence)) return [];
    const timeouts = (failuresByReason.timeout ?? 0) / failures.count;
    if (!failuresInBursts && timeouts <= MANY_TIMEOUTS) return [];
    return [plain(`Overloaded endpoint: ${timeouts > MANY_TIMEOUTS ? 'timeouts' : 'failures'} in bursts`)];
  },
};
