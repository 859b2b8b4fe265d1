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

const asksToWait = (reason: FailureReason): Observation => {
  const detail = 'the server answered 503: “overloaded”';
  return observation({ source: 'probe', failure: { reason, detail, httpStatus: 503, retryAfterMs: 60_000 } });
};

it('that a server which answered before asks to wait is told at once, and is counted as its failure', () => {
  const contact = new FirstContact();
  expect(contact.refused(NO_CALLS, false, asksToWait('http_5xx'))).toBeNull();
  expect(contact.problem).toMatchObject({
    kind: 'not-ready',
    sentence: 'The server answered 503: “overloaded”. It asks to wait 60 s.',
  });
  contact.refused(NO_CALLS, false, failing('http_5xx'));
  expect(contact.problem).toBeNull();
});

it('a lone limit on calls is not told beside a model that answers nothing; many in a row are', () => {
  const contact = new FirstContact();
  contact.refused(NO_CALLS, false, failing('http_5xx'));
  contact.refused(NO_CALLS, false, failing('rate_limited'));
  expect([contact.problemBeside(true), contact.problemBeside(false)?.kind]).toEqual([null, 'rate-limited']);
  for (let i = 0; i < 3; i += 1) contact.refused(NO_CALLS, false, failing('rate_limited'));
  expect(contact.problemBeside(true)?.kind).toBe('rate-limited');
});
