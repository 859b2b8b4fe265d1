import { expect, it } from 'vitest';
import type { FailureReason, Observation } from '../../../exporter/src/domain/observation.js';
import { NO_CALLS } from '../../../exporter/src/monitoring/call-counters.js';
import { FirstContact } from '../../../exporter/src/monitoring/first-contact.js';
import { observation } from '../detection/rows.js';

const failing = (reason: FailureReason): Observation => {
  const failure = { reason, detail: 'it does not respond in time', httpStatus: null, retryAfterMs: null };
  return observation({ source: 'probe', prediction: null, confidence: null, failure });
};

it.each(['connect', 'dns', 'http_5xx', 'timeout'] as const)(
  'before the first answer a call that failed by %s is a matter of setup, and says nothing of the model',
  (reason) => {
    const contact = new FirstContact();
    expect(contact.refused(NO_CALLS, true, failing(reason))).not.toBeNull();
    expect(contact.problem).not.toBeNull();
  },
);

it('a time-out is the model’s failure once it has answered', () => {
  const contact = new FirstContact();
  expect(contact.refused(NO_CALLS, false, failing('timeout'))).toBeNull();
  expect(contact.problem).toBeNull();
});

it('what the server said it lacks stays told while a limit on calls holds the next one back', () => {
  const contact = new FirstContact();
  contact.refused(NO_CALLS, true, failing('credentials'));
  contact.refused(NO_CALLS, true, failing('rate_limited'));
  expect(contact.problem?.kind).toBe('credentials');
  contact.refused(NO_CALLS, true, failing('not_found'));
  expect(contact.problem?.kind).toBe('not-found');
});

it('a limit on calls is told where nothing else is known', () => {
  const contact = new FirstContact();
  contact.refused(NO_CALLS, true, failing('rate_limited'));
  expect(contact.problem?.kind).toBe('rate-limited');
});
