import { addressOf } from './address';
import { readOf } from './answer';
import { askingOf, NOTHING_ASKED, problemsOf } from './asking';
import { explanationOf, isMendedByAsking } from './not-found';
import { snippetsFor } from './snippets';

describe('an address', () => {
  it.each([
    ['models.example.org/fraud', 'http://models.example.org/fraud'],
    ['https://models.example.org', 'https://models.example.org'],
    ['  localhost:9000/predict ', 'http://localhost:9000/predict'],
    ['ftp://nowhere', null],
    ['two words', null],
    ['', null],
  ])('%s is asked as %s', (typed, address) => {
    expect(addressOf(typed)).toBe(address);
  });
});

describe('why no model answered', () => {
  type Failure = Parameters<typeof explanationOf>[0]['failure'];
  const titleOf = (failure: Pick<Failure, 'reason'> & Partial<Failure>) =>
    explanationOf({ failure: { detail: '', http_status: null, retry_after_ms: null, ...failure } }).title;
  it('tells apart what can be mended in different ways', () => {
    const failures: Array<Parameters<typeof titleOf>[0]> = [
      { reason: 'credentials', http_status: 401 },
      { reason: 'dns' },
      { reason: 'connect' },
      { reason: 'blocked' },
      { reason: 'timeout' },
      { reason: 'tls' },
      { reason: 'not_http' },
      { reason: 'not_found', http_status: 404 },
      { reason: 'certificate' },
      { reason: 'moved', http_status: 308 },
      { reason: 'rate_limited', http_status: 429 },
      { reason: 'payload_refused', http_status: 422 },
      { reason: 'error_body', http_status: 200 },
      { reason: 'http_4xx', http_status: 418 },
      { reason: 'http_5xx', http_status: 503 },
      { reason: 'not_json' },
    ];
    const titles = failures.map(titleOf);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles[0]).toBe('The model wants a key (401)');
  });
});

test('of an answer is told what was read, and what is missing', () => {
  expect(
    readOf({ kind: 'answer', prediction: 'ok', confidence: null, latency_seconds: 0.2, model_version: '7' })
  ).toEqual([
    { name: 'Prediction', value: 'ok' },
    { name: 'Confidence', value: 'not given: drops in confidence cannot be seen' },
    { name: 'Latency', value: '200 ms' },
    { name: 'Version', value: '7' },
  ]);
});

test('lines to copy are offered for what this exporter takes, and for nothing else', () => {
  const target = { exporter: 'http://mlfi:9899', model: 'fraud' };
  const ids = (paths: string[]) => snippetsFor(target, paths).map(({ id }) => id);
  expect(ids([])).toEqual(['python', 'curl', 'file', 'kafka']);
  expect(ids(['/api/v1/cloudevents', '/v1/logs'])).toContain('kserve');
  const posting = snippetsFor(target, []).filter(({ id }) => id !== 'kafka');
  expect(posting.every(({ code }) => code.includes('/api/v1/models/fraud/observations'))).toBe(true);
});

test('lines to copy carry the key and the name of the model in each way', () => {
  const paths = ['/api/v1/cloudevents', '/v1/logs'];
  const codes = snippetsFor({ exporter: 'http://mlfi:9899', model: 'fraud' }, paths).map(({ id, code }) => ({
    id,
    code,
  }));
  expect(codes.filter(({ code }) => !code.includes('MLFI_KEY')).map(({ id }) => id)).toEqual(['kafka']);
  expect(codes.filter(({ code }) => !code.includes('fraud')).map(({ id }) => id)).toEqual([]);
  const of = (wanted: string) => codes.find(({ id }) => id === wanted)?.code ?? '';
  // The logger of KServe sends no header; elsewhere than in the namespace `default` the model is met under another name.
  expect(of('kserve')).toContain('url: http://kserve:MLFI_KEY@mlfi:9899/api/v1/cloudevents');
  expect(of('kserve')).toContain('namespace: default');
  expect(of('opentelemetry')).toContain('- { key: mlfi.model, value: fraud, action: upsert }');
});

describe('how a model is asked', () => {
  it('says nothing of what was left empty', () => {
    expect(askingOf(NOTHING_ASKED)).toEqual({});
    expect(problemsOf(NOTHING_ASKED)).toEqual({});
  });
  it('is headers, a payload and the places of prediction and confidence', () => {
    expect(
      askingOf({
        ...NOTHING_ASKED,
        headers: [
          { name: ' X-API-Key ', value: 'secret' },
          { name: 'X-Tenant', value: 'a' },
          { name: '', value: '' },
        ],
        payload: '{"rows": [[1]]}',
        prediction: '/outputs/0/class',
        confidence: ' /outputs/0/p',
      })
    ).toEqual({
      headers: { 'X-API-Key': 'secret', 'X-Tenant': 'a' },
      payloads: [{ rows: [[1]] }],
      answer: { prediction: '/outputs/0/class', confidence: '/outputs/0/p' },
    });
  });
  it('is a user, parameters, a kind of server and certificates', () => {
    expect(
      askingOf({
        ...NOTHING_ASKED,
        user: 'zoë',
        password: 'p:w',
        query: [{ name: 'key', value: 'k' }],
        connector: 'kserve',
        method: 'PUT',
        openapi: '/docs/openapi.json',
        classes: '/classes',
        caFile: '/etc/ca.pem',
        certFile: '/etc/c.pem',
        keyFile: '/etc/k.pem',
        isAnyCertificateTaken: true,
      })
    ).toEqual({
      headers: { Authorization: `Basic ${Buffer.from('zoë:p:w').toString('base64')}` },
      query: { key: 'k' },
      connector: 'kserve',
      method: 'PUT',
      openapi: '/docs/openapi.json',
      answer: { classes: '/classes' },
      tls: { ca_file: '/etc/ca.pem', cert_file: '/etc/c.pem', key_file: '/etc/k.pem', insecure_skip_verify: true },
    });
  });
  it('is not sent while a field cannot be understood', () => {
    const problems = problemsOf({
      ...NOTHING_ASKED,
      headers: [
        { name: 'X-Key', value: 'x' },
        { name: 'two words', value: 'x' },
      ],
      query: [{ name: '', value: 'k' }],
      user: 'a:b',
      payload: '{rows',
      prediction: 'a',
      confidence: '/b',
      openapi: 'docs',
      certFile: '/c.pem',
    });
    const wrong = ['headers-1', 'keyFile', 'openapi', 'payload', 'prediction', 'query-0', 'user'];
    expect(Object.keys(problems).sort()).toEqual(wrong);
    expect(Object.keys(problemsOf({ ...NOTHING_ASKED, password: 'p' }))).toEqual(['user']);
  });
  it('is asked for where the model refuses the key or the payload, not where nobody answers', () => {
    const failed = (reason: Parameters<typeof isMendedByAsking>[0]['failure']['reason'], http_status: number | null) =>
      isMendedByAsking({ failure: { reason, http_status, detail: '', retry_after_ms: null } });
    expect(failed('credentials', 401)).toBe(true);
    expect(failed('payload_refused', 422)).toBe(true);
    expect(failed('dns', null)).toBe(false);
    expect(failed('blocked', null)).toBe(false);
  });
});
