import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { IntakeSummary } from '../../../exporter/src/domain/ingest.js';
import type { FailureReason, Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { detect } from '../../../exporter/src/detection/detect.js';
import { observation, stateOf } from '../detection/rows.js';
import { evaluated, rowsOf } from './evaluated-case.js';

const failing = (reason: FailureReason, detail: string, count: number): Observation[] =>
  Array.from({ length: count }, () =>
    observation({
      prediction: null,
      confidence: null,
      failure: { reason, detail, httpStatus: null, retryAfterMs: null },
    }),
  );

const NAMED: readonly (readonly [FailureReason, string, CauseId, string])[] = [
  ['credentials', 'the server answered 401: “missing X-API-Key”', 'credentials-refused', 'missing X-API-Key'],
  [
    'certificate',
    'the certificate of the server has expired (CERT_HAS_EXPIRED)',
    'certificate-invalid',
    'has expired)',
  ],
  ['not_found', 'the server answered 404: “default backend”', 'endpoint-not-found', 'default backend'],
  ['moved', 'the server answered 308 (it points to https://new.example/p)', 'endpoint-moved', 'https://new.example/p'],
  ['rate_limited', 'the server answered 429: “quota of 5 used up”', 'rate-limited', 'quota of 5'],
  ['payload_refused', 'the server answered 422: “age: field required”', 'payload-refused', 'age: field required'],
  ['error_body', 'the server answered 200 with an error in it: “model is not loaded”', 'error-in-answer', 'not loaded'],
  ['not_json', 'the answer is an HTML page (“Maintenance”), not JSON', 'error-in-answer', 'page (“Maintenance”)'],
];

describe('failures that say what is wrong', () => {
  it.each(NAMED)('%s: every call (%s) is %s, in the words of the server', (reason, detail, cause, words) => {
    const { diagnosis, proposals } = evaluated({ rows: failing(reason, detail, 60) });
    const [first] = diagnosis.causes;
    expect(first?.id).toBe(cause);
    expect(first?.probability).toBeGreaterThan(0.5);
    expect(first?.title).toContain(words);
    expect(['critical', 'high']).toContain(diagnosis.severity);
    expect(diagnosis.causes.map(({ id }) => id)).not.toContain('model-unreachable');
    expect(proposals[0]?.action).toBe('investigate');
    if (cause !== 'error-in-answer')
      expect(proposals.map(({ action }) => action).filter((action) => /restart|rollback|scale/.test(action))).toEqual(
        [],
      );
  });

  it.each(NAMED)('%s: half of the calls, between others that are answered (%s)', (reason, detail, cause) => {
    const answered = rowsOf('between', 100);
    const refused = failing(reason, detail, 100);
    const { diagnosis } = evaluated({ rows: answered.flatMap((row, i) => [row, refused[i] ?? row]) });
    expect(diagnosis.causes[0]?.id).toBe(cause);
  });

  it('leave a mixture of failures to what it was before', () => {
    const refused = failing('credentials', 'the server answered 401', 20);
    const broken = failing('http_5xx', 'the server answered 500', 40);
    const mixed = refused.flatMap((row, i) => [...broken.slice(2 * i, 2 * i + 2), row]);
    expect(evaluated({ rows: mixed }).diagnosis.causes[0]?.id).toBe('model-unreachable');
  });

  it('are told by the newest, where calls have turned from one way of failing to another', () => {
    const rows = [
      ...failing('http_5xx', 'the server answered 500: “boom”', 60),
      ...failing('credentials', 'the server answered 401: “key expired”', 12),
    ];
    expect(evaluated({ rows }).diagnosis.causes[0]?.title).toBe(
      'Credentials refused (the server answered 401: “key expired”)',
    );
  });

  it('quote what most of them say, not the last', () => {
    const rows = [
      ...failing('credentials', 'the server answered 401: “key expired”', 40),
      ...failing('credentials', 'the server answered 401: “request 17 refused”', 1),
    ];
    expect(evaluated({ rows }).diagnosis.causes[0]?.title).toBe(
      'Credentials refused (the server answered 401: “key expired”)',
    );
  });
});

it('a page instead of predictions is told as one, with advice that fits, and not as another schema', () => {
  const { diagnosis, proposals } = evaluated({
    rows: failing('not_json', 'the answer is an HTML page (“Maintenance”), not JSON', 60),
  });
  expect(diagnosis.causes.map(({ id }) => id)).not.toContain('answer-schema-changed');
  expect([diagnosis.severity, diagnosis.severityReason]).toEqual(['critical', 'Users receive no predictions.']);
  expect(proposals.map(({ title }) => title)).toEqual(['Find out what answers in place of the model']);
});

it('what responses of another schema say is quoted', () => {
  const detail = 'no prediction was found in the answer, which says “Back at 14:00” (fields: message:string)';
  const { diagnosis, explanation } = evaluated({ rows: failing('schema', detail, 60) });
  expect(diagnosis.causes[0]?.title).toBe('The responses have another schema: they say “Back at 14:00”');
  expect(explanation.headline).toContain('“Back at 14:00”');
});

describe('answers that cannot be used', () => {
  const unusable = (count: number): Observation[] => failing('no_answer', 'NaN, infinite, null or empty', count);

  it('all of them: critical, said in words, and neither unreachable nor to be restarted', () => {
    const { diagnosis, proposals, pages } = evaluated({ rows: unusable(60) });
    expect([diagnosis.severity, diagnosis.causes[0]?.id, diagnosis.causes[0]?.title]).toEqual([
      'critical',
      'error-in-answer',
      'No usable prediction in the responses (NaN, infinite, null or empty)',
    ]);
    expect(pages).toBe(true);
    expect(diagnosis.findings[0]?.sentence).toBe('None of the last 60 calls got a usable prediction.');
    expect(diagnosis.causes[0]?.supporting.map(({ text }) => text)).toContain(
      'None of the last 60 calls got a usable prediction.',
    );
    expect(proposals.map(({ title }) => title)).toEqual(['Find out why the model returns no usable value']);
  });

  it('a third of them: high, and how many', () => {
    const answered = rowsOf('between', 120);
    const rows = answered.flatMap((row, i) => [row, ...(i % 2 === 0 ? unusable(1) : [])]);
    const { diagnosis } = evaluated({ rows });
    expect([diagnosis.severity, diagnosis.causes[0]?.id]).toEqual(['high', 'error-in-answer']);
    expect(diagnosis.findings[0]?.sentence).toBe(
      '60 of the last 180 calls failed (33.3 %, before 0.0 %): 60 × no usable prediction in the response.',
    );
  });
});

it.each([
  ['no_answer', 'error-in-answer', 'No usable prediction in the responses', 'calls got a usable prediction.'],
  ['http_5xx', 'endpoint-errors', 'Every call fails: the server reports errors (HTTP 5xx error)', 'calls failed'],
  ['timeout', 'model-unreachable', 'Model unreachable: it does not respond in time', 'was answered (mostly: timeout).'],
] as const)('%s of calls that the window does not hold yet is said all the same', (reason, cause, title, words) => {
  const { diagnosis } = evaluated({ consecutiveFailures: 40, lastFailureReason: reason });
  expect([diagnosis.causes[0]?.id, diagnosis.causes[0]?.title]).toEqual([cause, title]);
  expect(diagnosis.findings[0]?.sentence).toContain(words);
});

describe('a certificate', () => {
  const DAY = 86_400_000;
  const found = (leftMs: number, lifetimeMs = 365 * DAY) => {
    const nowMs = 1_800_000_000_000;
    const certificate = { validFromMs: nowMs + leftMs - lifetimeMs, validToMs: nowMs + leftMs };
    const rows = rowsOf('quiet');
    return detect(stateOf(rows, rows, { certificate }), DEFAULT_THRESHOLDS, nowMs).findings.find(
      ({ detector }) => detector === 'certificate-expiry',
    );
  };

  it('that ends within two weeks is a finding with the days that are left', () => {
    expect(found(15 * DAY)).toBeUndefined();
    expect(found(13.5 * DAY)?.sentence).toMatch(/ends in 13 days, on 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.$/);
    expect(found(5 * 3_600_000)?.sentence).toContain('ends in 5 hours');
    expect(found(-DAY)?.sentence).toContain('ended on');
  });

  it('that never lives long is noticed when it should have been renewed', () => {
    expect(found(2 * DAY, 6 * DAY)).toBeUndefined();
    expect(found(0.8 * DAY, 6 * DAY)).toBeDefined();
  });

  it('is the cause when nothing else is wrong, medium and without a restart; beside a fault it is only a finding', () => {
    const certificate = { validFromMs: -300 * DAY, validToMs: 4 * DAY };
    const alone = evaluated({ certificate });
    expect(alone.diagnosis).toMatchObject({ severity: 'medium', causes: [{ id: 'certificate-expiring' }] });
    expect(alone.pages).toBe(true);
    expect(alone.proposals[0]?.title).toBe('Renew the certificate of the server before it ends');
    const refused = failing('credentials', 'the server answered 401', 60);
    const beside = evaluated({ certificate, rows: refused });
    expect(beside.diagnosis.causes.map(({ id }) => id)).not.toContain('certificate-expiring');
    expect(beside.diagnosis.findings.map(({ detector }) => detector)).toContain('certificate-expiry');
  });
});

describe('rows that are refused', () => {
  const intake: IntakeSummary = {
    taken: 20,
    refused: 80,
    mostRefusedFor: 'bad_confidence',
    leftOut: [],
    clockOffsetMs: null,
    notJudged: { late: 0, lost: 0 },
    unwatched: null,
  };

  it('are the cause when nothing else is wrong, by what they were refused for; beside a fault they are only a finding', () => {
    const alone = evaluated({ intake });
    expect(alone.diagnosis).toMatchObject({
      severity: 'medium',
      causes: [
        { id: 'rows-refused', title: 'Rows that are sent are refused: they hold a confidence that is no share' },
      ],
    });
    expect(alone.proposals[0]?.title).toBe('Find out what the sender writes now');
    expect(alone.proposals.map(({ action }) => action)).toEqual(['investigate']);
    // Of all that is sent only what can be read is left.
    const rows = rowsOf('refused', 200).map((row) => ({ ...row, confidence: 1 }));
    expect(evaluated({ intake, rows }).diagnosis.causes.map(({ id }) => id)).toEqual(['rows-refused']);
    const beside = evaluated({ intake, rows: failing('credentials', 'the server answered 401', 60) });
    expect(beside.diagnosis.causes.map(({ id }) => id)).not.toContain('rows-refused');
    expect(beside.diagnosis.findings.map(({ detector }) => detector)).toContain('refused-rows');
  });
});
