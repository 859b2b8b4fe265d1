import { describe, expect, it } from 'vitest';
import { modelAnswer, retryAfterOf, shapeOf } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import { readAnswer } from '../../../../../exporter/src/capture/probing/answers/reading.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';

const http = (status: number, body: string, headers: Record<string, string> = {}) =>
  ({ kind: 'answer', status, headers, body, latencySeconds: 0.1 }) as const;

describe('prediction and confidence', () => {
  it.each<[string, Json, string | number | boolean | null, number | null]>([
    ['plain', { prediction: 'spam', confidence: 0.9 }, 'spam', 0.9],
    ['score', { label: 'spam', score: 0.7 }, 'spam', 0.7],
    ['probability', { predicted_class: 1, probability: 0.6 }, 1, 0.6],
    ['list of probabilities', { prediction: 2, probabilities: [0.1, 0.2, 0.7] }, 2, 0.7],
    ['only probabilities', { probabilities: [0.1, 0.2, 0.7] }, 2, 0.7],
    ['probabilities by class', { probabilities: { cat: 0.8, dog: 0.2 } }, 'cat', 0.8],
    ['rows of probabilities', { proba: [[0.25, 0.75]] }, 1, 0.75],
    [
      'Hugging Face, text',
      [
        [
          { label: 'NEG', score: 0.2 },
          { label: 'POS', score: 0.8 },
        ],
      ],
      'POS',
      0.8,
    ],
    [
      'Hugging Face, image',
      [
        { label: 'cat', score: 0.9 },
        { label: 'dog', score: 0.1 },
      ],
      'cat',
      0.9,
    ],
    ['one row of a softmax layer', { predictions: [[0.1, 0.9]] }, 1, 0.9],
    ['two rows of regression', { predictions: [0.1, 0.9] }, 0.1, null],
    ['regression', { predictions: [[132.5]] }, 132.5, null],
    ['nested', { result: { label: 'ok', confidence: 0.5 } }, 'ok', 0.5],
    ['gradio label', [{ label: 'cat', confidences: [{ label: 'cat', confidence: 0.6 }] }], 'cat', 0.6],
    ['percent', { prediction: 'a', confidence: 87 }, 'a', 0.87],
    ['percent by class', { prediction: 'a', probabilities: [30, 70] }, 'a', 0.7],
    ['single precision above one', { prediction: 'a', confidence: 1.0000001192 }, 'a', 1],
    ['a score that is no probability', { prediction: 'a', score: 5.3 }, 'a', null],
    ['decision values', { prediction: 'a', scores: [-1.2, 0.4] }, 'a', null],
    ['between one and a percentage', { prediction: 'a', confidence: 1.4 }, 'a', null],
    ['negative', { prediction: 'a', confidence: -0.2 }, 'a', null],
    ['above a hundred', { prediction: 'a', confidence: 870 }, 'a', null],
    ['text as confidence', { prediction: 'a', confidence: 'high' }, 'a', null],
    ['false is a prediction', { prediction: false }, false, null],
    ['a status as class', { id: 7, status: 'failed', confidence: 0.9 }, 'failed', 0.9],
    ['a status beside a class', { status: 'failed', verdict: 'pass', confidence: 0.9 }, 'pass', 0.9],
    ['a status of the call', { status: 'success', verdict: 'pass', confidence: 0.9 }, 'pass', 0.9],
    ['a flag and its share', { is_fraud: false, fraud_probability: 0.03 }, false, 0.97],
    [
      'recommended items',
      {
        recommendations: [
          { item_id: 7, score: 4.2 },
          { item_id: 3, score: 4.6 },
        ],
      },
      3,
      null,
    ],
    ['a row with its id', { predictions: [{ item_id: 7, score: 4.2 }] }, 4.2, null],
    ['no confidence', { label: 'a' }, 'a', null],
    ['nothing', {}, null, null],
  ])('%s', (_, body, prediction, confidence) => {
    const reading = readAnswer(body);
    expect(reading.prediction).toBe(prediction);
    if (confidence === null) expect(reading.confidence).toBeNull();
    else expect(reading.confidence).toBeCloseTo(confidence, 12);
  });

  it('turns logits into a probability', () => {
    const reading = readAnswer({ logits: [1, 3] });
    expect(reading.prediction).toBe(1);
    expect(reading.confidence).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  });

  it('reads the version and caps foreign text', () => {
    expect(readAnswer({ prediction: 'x'.repeat(1_000), model_version: 'v2' })).toEqual({
      prediction: 'x'.repeat(200),
      confidence: null,
      modelVersion: 'v2',
    });
    const deep = JSON.parse(`${'['.repeat(5_000)}1${']'.repeat(5_000)}`) as Json;
    expect(readAnswer(deep).prediction).toBeNull();
    expect(shapeOf(deep).length).toBeLessThanOrEqual(2_000);
  });

  it('describes a shape by paths and types, whatever the values', () => {
    expect(shapeOf({ b: 1, a: [{ x: 'text' }, { x: 'other' }] })).toBe('a[].x:string,b:number');
    expect(shapeOf({ a: 1 })).not.toBe(shapeOf({ a: '1' }));
  });
});

describe('lines of JSON', () => {
  it.each([
    '{"prediction":"yes","confidence":0.97}\n{"done":true}\n',
    '{"prediction":"yes","confidence":0.97}\n{"done":true,"took":5}\n',
    '{"progress":0.5,"done":false}\n{"prediction":"yes","confidence":0.97,"done":true}\n',
  ])('are read where the prediction is: %s', (body) => {
    expect(modelAnswer(http(200, body, { 'content-type': 'application/x-ndjson' }))).toMatchObject({
      prediction: 'yes',
      confidence: 0.97,
      from: 'prediction from /prediction, confidence from /confidence',
    });
  });
});

describe('failures', () => {
  it.each([
    [404, '{}', 'not_found'],
    [405, '', 'not_found'],
    [401, '{}', 'credentials'],
    [403, '{}', 'credentials'],
    [422, '{"detail":"no"}', 'payload_refused'],
    [415, '', 'payload_refused'],
    [429, '', 'rate_limited'],
    [418, '', 'http_4xx'],
    [500, 'oops', 'http_5xx'],
    [302, '', 'moved'],
    [200, '<html>', 'not_json'],
    [200, '', 'not_json'],
    [200, '{"error":"model not loaded"}', 'error_body'],
    [200, '{"message":"model is not loaded"}', 'error_body'],
    [200, '{"success":false,"error":"weights missing","prediction":null,"confidence":0.0}', 'error_body'],
    [200, '{"status":"failed","output":null}', 'error_body'],
    [200, '{"status":"error","prediction":null,"confidence":0.5}', 'error_body'],
    [200, '{"status":"failed","error_code":17,"confidence":0.1}', 'error_body'],
    [200, '{"label":"","error":"CUDA out of memory"}', 'error_body'],
    [200, '{"predictions":[],"error":"shape"}', 'error_body'],
    [200, '{"result":{"error":"shape"}}', 'error_body'],
    [200, '[{"error":"shape"}]', 'error_body'],
    [200, '{"code":500,"msg":"model not loaded","data":null}', 'error_body'],
    [200, '{"statusCode":500,"body":"boom"}', 'error_body'],
    [200, '{"errorMessage":"boom","errorType":"KeyError","stackTrace":["x"]}', 'error_body'],
    [200, '{"fault":{"faultstring":"Rate limit"}}', 'error_body'],
    [200, '{"title":"Internal Server Error","status":500}', 'error_body'],
    [200, '{"status":{"status":"FAILURE","info":"shape"}}', 'error_body'],
    [200, '{"status":"failed","error":"OOM","prediction":"yes","confidence":0.9}', 'error_body'],
    [200, '{"status":"failed","confidence":0}', 'error_body'],
    [200, `{"prediction":"Error: feature 'age' missing","confidence":0}`, 'error_body'],
    [200, '{"label":"builtins.ValueError: no such column"}', 'error_body'],
    [200, '{"prediction":"unknown","confidence":0,"fallback":true,"reason":"no model"}', 'error_body'],
    [200, '{"status":"ok"}', 'schema'],
    [200, 'null', 'schema'],
  ])('%i %s is %s', (status, body, reason) => {
    const answer = modelAnswer(http(status, body));
    expect(answer).toMatchObject({ kind: 'failure', failure: { reason, httpStatus: status } });
  });

  const detailOf = (status: number, body: string, headers: Record<string, string> = {}): string => {
    const answer = modelAnswer(http(status, body, headers));
    return answer.kind === 'failure' ? answer.failure.detail : '';
  };

  it.each([
    [401, '{"detail":"missing X-API-Key"}', 'missing X-API-Key'],
    [400, `{"error":"Missing 'instances' key"}`, "Missing 'instances' key"],
    [400, '{"error":{"message":"no such model","type":"x"}}', 'no such model'],
    [422, '{"detail":[{"loc":["body","age"],"msg":"field required","input":"PRIVATE"}]}', 'age: field required'],
    [404, '<html><head><title>404 Not Found</title></head></html>', '404 Not Found'],
    [500, 'Traceback: out of memory', 'Traceback: out of memory'],
  ])('%i %s quotes the server', (status, body, words) => {
    expect(detailOf(status, body)).toContain(`“${words}”`);
    expect(detailOf(status, body)).not.toContain('PRIVATE');
  });

  it.each([
    ['Basic realm="PRIVATE"', ' and asks for a user and a password (Basic)'],
    ['Bearer error="invalid_token"', ' and asks for a token (Bearer)'],
    ['Negotiate', ' and asks for Negotiate (Kerberos), which mlfi does not speak'],
    ['Sesame open', ''],
  ])('says of the challenge %s what is asked for', (challenge, asked) => {
    expect(detailOf(401, '{}', { 'www-authenticate': challenge })).toBe(`the server answered 401${asked}`);
  });

  it.each([
    ['', 'the answer is empty (status 200)'],
    ['{"prediction":"yes","confi', 'the answer is JSON that breaks off'],
    ['{"a": "\\"}"', 'the answer is JSON that breaks off'],
    ["{'prediction': 1}", 'the answer is not JSON'],
    ['{"a":1]', 'the answer is not JSON'],
    ['<?xml version="1.0"?><p>1</p>', 'the answer is XML, not JSON: “<?xml version="1.0"?><p>1</p>”'],
    ['<html><title>Log in</title></html>', 'the answer is an HTML page (“Log in”), not JSON'],
  ])('says of %j what it is', (body, detail) => {
    expect(detailOf(200, body)).toBe(detail);
  });

  it('ignores a byte order mark', () => {
    expect(modelAnswer(http(200, '\uFEFF{"prediction":"a"}'))).toMatchObject({ kind: 'answer', prediction: 'a' });
  });

  it('quotes what a body says that holds no prediction, but nothing that was sent', () => {
    const body = JSON.stringify({ status: 'maintenance', message: 'We will be back at 14:00' });
    const detailOf = (payload: Json): string => {
      const read = modelAnswer(http(200, body), undefined, undefined, payload);
      return read.kind === 'failure' ? read.failure.detail : 'read';
    };
    expect(detailOf({ age: 3 })).toContain('which says “We will be back at 14:00” (fields: message:string');
    expect(detailOf({ rows: [{ message: 'we will be back at 14:00' }] })).not.toContain('14:00');
  });

  it.each(['/predict', 'http://m.example/predict'])('says of a redirect to itself (%s) what it is', (location) => {
    const answer = { ...http(307, ''), headers: { location }, calledUrl: 'http://m.example/predict' };
    expect(modelAnswer(answer)).toMatchObject({
      failure: { detail: 'the server answered 307: it redirects the address to itself' },
    });
  });

  it('bounds what it quotes and lets no control character through', () => {
    expect(detailOf(500, `\u001b[31mred\u202e${'x'.repeat(5_000)}`)).toMatch(/^[^\p{Cc}\p{Cf}]{0,300}$/u);
    expect(detailOf(307, '', { location: 'https://user:pw@other.example/predict?token=1' })).toContain(
      'it points to https://other.example/predict)',
    );
    expect(detailOf(405, '', { allow: 'GET' })).toContain('which takes GET');
  });

  it.each([
    '{"prediction":"a","error":null}',
    '{"label":"failed"}',
    '{"prediction":1,"error":0.2,"message":"ok"}',
    '{"code":0,"message":"success","data":{"label":"a"}}',
    '{"status":"failed","prediction":"a","confidence":0.9}',
    '{"prediction":"ERROR","confidence":0.9}',
    '{"label":"Error: disk","confidence":0.9}',
    '{"prediction":"a","confidence":0.4,"fallback":true}',
  ])('takes %s for an answer', (body) => {
    expect(modelAnswer(http(200, body)).kind).toBe('answer');
  });

  it.each([
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    'Bearer 0123456789abcdef',
    'sk-proj-0123456789abcdefghij',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    'hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH',
    'xoxb-123456789012-123456789012-abcdefghij',
    'AKIAIOSFODNN7EXAMPLE',
    'bearer 550e8400-e29b-41d4-a716-446655440000',
    `Basic ${Buffer.from('joe:hunter22').toString('base64')}`,
  ])('keeps %s for no prediction and does not repeat it', (secret) => {
    for (const body of [JSON.stringify({ result: secret }), JSON.stringify([secret]), JSON.stringify(secret)]) {
      const answer = modelAnswer(http(200, body));
      expect(answer).toMatchObject({ kind: 'failure', failure: { reason: 'schema' } });
      expect(JSON.stringify(answer)).not.toContain(secret);
      expect(modelAnswer(http(200, body), undefined, { prediction: '/result' }).kind).toBe('failure');
    }
    expect(JSON.stringify(modelAnswer(http(200, secret, { 'content-type': 'text/plain' })))).not.toContain(secret);
  });

  it.each([
    'bearer of news',
    'sk-learn',
    'eyJ',
    '7f3c2b8c-1e5d-474a-9b1e-0123456789ab',
    'Basic subscription',
    'basic authentication',
    'Basic reconstruction-2024',
    'Bearer certificate-2024',
    'HF_readmission_30d',
    'hf_hospitalization_within_30_days_of_discharge',
    'sk_random_forest_regression_v2',
    'pk_segment_2024_customers',
  ])('%s may be one', (result) => {
    expect(modelAnswer(http(200, JSON.stringify({ result })))).toMatchObject({ kind: 'answer', prediction: result });
    expect(detailOf(401, JSON.stringify({ detail: `no ${result}` }))).toContain(`“no ${result}”`);
  });

  it.each<[string, string | undefined, string, string]>([
    ['the page of another host', 'https://model.example/predict', 'https://sso.example/a?token=1', 'credentials'],
    ['a page beside the model', 'https://auth.example/predict', '/users/sign_in', 'credentials'],
    ['a login below words of the call', 'https://accounts.example/auth/predict', '/auth/login', 'credentials'],
    ['a login of which nothing is known', undefined, 'https://h.example/login?next=/predict', 'credentials'],
    ['the path with a slash', 'https://h.example/v1/accounts/run', '/v1/accounts/run/', 'moved'],
    ['the path without one', 'http://h.example/auth-risk/run/', 'https://h.example/auth-risk/run', 'moved'],
    ['the path on another host', 'http://h.example/run', 'https://accounts.example/run', 'moved'],
    ['another path of the same words', 'http://h.example/v1/accounts/run', '/v2/accounts/run', 'moved'],
    ['a path that is named like a prediction', 'http://h.example/run', '/models/sso-abuse/predict/', 'moved'],
    ['no address', 'http://h.example/run', 'http://', 'moved'],
  ])('a redirect to %s: %s to %s is %s', (_, calledUrl, location, reason) => {
    const called = { ...http(307, '', { location }), ...(calledUrl === undefined ? {} : { calledUrl }) };
    expect(modelAnswer(called)).toMatchObject({ kind: 'failure', failure: { reason } });
  });

  it('honours Retry-After in seconds and as a date, and the loading time of Hugging Face', () => {
    expect(retryAfterOf(http(429, '', { 'retry-after': '7' }))).toBe(7_000);
    expect(
      retryAfterOf(
        http(503, '', { 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      ),
    ).toBe(30_000);
    expect(retryAfterOf(http(503, '{"error":"loading","estimated_time":20.5}'))).toBe(20_500);
    expect(retryAfterOf(http(429, '', { 'retry-after': '999999999' }))).toBe(3_600_000);
    expect(retryAfterOf(http(429, '', { 'retry-after': 'soon' }))).toBeNull();
    expect(retryAfterOf(http(500, '{"estimated_time":3}'))).toBeNull();
  });
});
