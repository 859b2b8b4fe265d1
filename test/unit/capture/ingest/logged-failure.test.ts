import { expect, it } from 'vitest';
import { loggedFailure } from '../../../../exporter/src/capture/ingest/logged-failure.js';

it.each([
  [401, 'credentials', 401],
  ['401', 'credentials', 401],
  ['http_401', 'credentials', 401],
  ['HTTP 401 Unauthorized', 'credentials', 401],
  ['HTTP/1.1 503 Service Unavailable', 'http_5xx', 503],
  ['status=422', 'payload_refused', 422],
  ['status_code: 404', 'not_found', 404],
  ['Error code: 429 - rate limit reached', 'rate_limited', 429],
  ['HTTPError: 429 Client Error: Too Many Requests for url', 'rate_limited', 429],
  ['[502] Bad Gateway', 'http_5xx', 502],
  ['418', 'http_4xx', 418],
])('reads the status of %s', (error, reason, httpStatus) => {
  expect(loggedFailure(error)).toMatchObject({ reason, httpStatus });
});

it.each([
  ['http_5xx', 'http_5xx'],
  ['rate_limited', 'rate_limited'],
  ['timeout', 'timeout'],
  ['ReadTimeout', 'timeout'],
  ['Request timed out after 500 ms', 'timeout'],
  ['DEADLINE_EXCEEDED', 'timeout'],
  ['TooManyRequests', 'rate_limited'],
  ['unauthorized', 'credentials'],
  ['ECONNREFUSED 10.0.0.1:80', 'connect'],
  ['Connection reset by peer', 'connect'],
])('reads %s as %s', (error, reason) => {
  expect(loggedFailure(error)).toMatchObject({ reason, httpStatus: null });
});

it.each([
  true,
  'boom',
  '500 ms',
  '500ms late',
  '503 rows',
  '4xx',
  '4123',
  '500.5',
  123,
  'ValueError: 404',
  {},
  ['401'],
])('makes up no cause of %s', (error) => {
  expect(loggedFailure(error)).toMatchObject({ reason: 'other', httpStatus: null });
});
