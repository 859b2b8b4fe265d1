import { expect, it } from 'vitest';
import { setupProblemOf } from '../../../exporter/src/domain/setup-problem.js';
import { createEgress } from '../../../exporter/src/http/egress.js';

it.each([
  ['http://127.0.0.1:9/', 'egress.allow_cidrs or egress.allow_hosts', 'egress.allow_ports'],
  ['http://127.0.0.1:8/', 'egress.allow_ports', 'egress.allow_cidrs'],
])('of an address that may not be called (%s) names %s, not %s', async (url, list, another) => {
  const egress = createEgress({ allowHosts: [], allowCidrs: [], allowPorts: [9] });
  const call = { url, method: 'GET', headers: {}, body: null, timeoutMs: 1_000, maxResponseBytes: 10 } as const;
  const refused = await egress.call(call).finally(() => egress.close());
  if (refused.kind === 'answer') expect.fail('it was called');
  const { sentence, advice } = setupProblemOf(refused.failure);
  expect(`${sentence} ${advice}`).toContain(list);
  expect(`${sentence} ${advice}`).not.toContain(another);
});

it.each([502, 503, 504])('of %i is one of waiting, also where the server does not say how long', (httpStatus) => {
  const failure = { reason: 'http_5xx', detail: 'model is loading', httpStatus, retryAfterMs: null } as const;
  const { kind, advice } = setupProblemOf(failure);
  expect(kind).toBe('not-ready');
  expect(advice).not.toContain('payload');
});

it('of an address with a password is one of credentials, wherever it points', async () => {
  const egress = createEgress({ allowHosts: [], allowCidrs: [], allowPorts: [] });
  const url = 'http://bob:s3cretpw@127.0.0.1/predict';
  const call = { url, method: 'GET', headers: {}, body: null, timeoutMs: 1_000, maxResponseBytes: 10 } as const;
  const refused = await egress.call(call).finally(() => egress.close());
  if (refused.kind === 'answer') expect.fail('it was called');
  const { kind, advice } = setupProblemOf(refused.failure);
  expect(kind).toBe('credentials');
  expect(advice).toMatch(/^Leave them out of the address/);
});

it.each([
  ['certificate', 'the certificate of the server has expired (CERT_HAS_EXPIRED)', null, 'Renew'],
  [
    'certificate',
    'the certificate of the server is for another host name (X)',
    null,
    'name that the certificate is for',
  ],
  ['certificate', 'the certificate of the server is signed by itself (X)', null, 'authority'],
  ['http_4xx', 'the server answered 402: “You have exceeded your monthly included credits”', 402, 'Raise the quota'],
  ['credentials', 'the server answered 403: “Monthly quota exceeded”', 403, 'Raise the quota'],
  ['credentials', 'the server answered 403: “this key may not use the billing service”', 403, 'credentials'],
  ['connect', 'the server closed the connection without an answer', null, 'https://'],
  ['connect', 'the server broke off in the middle of its answer', null, 'cuts the answer off'],
  ['connect', 'what answers at this port does not speak HTTP', null, 'Check the port'],
  ['not_json', 'the answer holds NaN or Infinity, which JSON has not', 200, 'answer null'],
  ['payload_refused', 'the server answered 422: “quota: field required”', 422, 'payload'],
] as const)('of a call that failed by %s (%s) advises what helps', (reason, detail, httpStatus, words) => {
  expect(setupProblemOf({ reason, detail, httpStatus, retryAfterMs: null }).advice).toContain(words);
});

it.each([
  ['the answer is empty (status 204)', 'answers without a word'],
  ['the answer is JSON that breaks off: “{"a"”', 'cuts the answer off'],
  ['the answer is XML, not JSON', 'answer JSON'],
  ['the answer is not JSON: “Traceback (most recent call last): …”', 'Read the log'],
  ['the answer is an HTML page (“Log in · OpenShift”), not JSON', 'credentials'],
  ['the answer is an HTML page (“Just a moment...”), not JSON', 'through'],
  ['the answer is an HTML page (“ERROR: The requested URL could not be retrieved”), not JSON', 'proxy'],
  ['the answer is an HTML page (“My app”), not JSON', 'path that predicts'],
  ["the answer is not JSON: “{'a': 1}”", 'path that predicts'],
])('says what to do where %s', (detail, advice) => {
  const problem = setupProblemOf({ reason: 'not_json', detail, httpStatus: 200, retryAfterMs: null });
  expect(problem.kind).toBe('not-a-model');
  expect(problem.advice).toContain(advice);
});

it.each([
  ['no prediction was found in the answer (fields: compound:number,neg:number)', '/compound'],
  ['no prediction was found in the answer (fields: id:string,out.risk_class:string)', '/out/risk_class'],
  ['no prediction was found in the answer (fields: a[]:number)', 'Check that this is a model'],
  [
    'no prediction was found in the answer, which says “Back at 14:00” (fields: message:string)',
    'what the server says',
  ],
])('of %s offers %s', (detail, advice) => {
  const problem = setupProblemOf({ reason: 'schema', detail, httpStatus: 200, retryAfterMs: null });
  expect(problem.advice).toContain(advice);
});
