import { afterEach, describe, expect, it } from 'vitest';
import { discover } from '../../../../exporter/src/capture/probing/discover.js';
import { isObject, type Json } from '../../../../exporter/src/domain/json.js';
import type { DiscoveryTarget } from '../../../../exporter/src/domain/discovery.js';
import { modelServer, type Asked, type Reply, type Routes } from './model-server.js';

/** What mlfi thinks up and nobody gave is sent only where it is looked at. */
let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(() => server.close());

async function discovered(path: string, routes: Routes, more: Partial<DiscoveryTarget> = {}) {
  server = await modelServer(routes);
  return discover(server.context, { url: `${server.origin}${path}`, authorizationSecret: null, ...more });
}
const posts = (): string[] => server.asked.flatMap(({ method, path }) => (method === 'POST' ? [path] : []));

const operation = { post: { requestBody: { content: { 'application/json': { schema: rowSchema() } } } } };
function rowSchema(): Json {
  return { type: 'object', properties: { id: { type: 'integer' }, dataset: { type: 'string' } } };
}
const document = (...paths: string[]): Reply => ({
  body: { paths: Object.fromEntries(paths.map((path) => [path, operation])) },
});
/** Takes everything and says that it did it. */
const doing = (...paths: string[]): Routes =>
  Object.fromEntries(paths.map((path) => [`POST ${path}`, { body: { status: 'ok', rows: 3 } }]));

describe('operations of a document', () => {
  const HARMFUL = [
    '/orders',
    '/models/classifier/retrain',
    '/predictions/delete',
    '/generate-invoice',
    '/reset-scores',
    '/inferences/purge',
    '/feedback/score',
    '/updatePrediction',
    '/predict/%64elete',
  ];

  it.each(HARMFUL.map((path) => [path]))('%s is not called, alone or among others', async (path) => {
    await discovered('/', { 'GET /openapi.json': document(path, '/other'), ...doing(path) });
    expect(posts()).not.toContain(path);
    await server.close();
    await discovered('/', { 'GET /openapi.json': document(path), ...doing(path) });
    expect(posts()).not.toContain(path);
  });

  it.each([['/predict'], ['/v1/predict_proba'], ['/api/analyzeText'], ['/models/churn:score'], ['/Forecast-2']])(
    '%s is asked among others',
    async (path) => {
      const routes = { 'GET /openapi.json': document('/retrain', '/other', path) };
      const found = await discovered('/', { ...routes, [`POST ${path}`]: { body: { prediction: 3 } } });
      expect(found).toMatchObject({ kind: 'found', endpoint: { url: `${server.origin}${path}` } });
    },
  );

  it('are not asked again once one call was carried out without a prediction in its answer', async () => {
    await discovered('/', { 'GET /openapi.json': document('/predict', '/other'), ...doing('/predict') });
    expect(posts().filter((path) => path === '/predict')).toHaveLength(1);
  });
});

describe('an address that names an action', () => {
  const created: Reply = { status: 201, body: { order_id: 1, status: 'created', score: 0.4 } };

  it.each([['/orders'], ['/models/m/retrain'], ['/predictions/delete'], ['/predict/Delete']])(
    '%s is sent nothing that nobody gave, whatever a document says of it',
    async (path) => {
      const found = await discovered(path, { [`POST ${path}`]: created, 'GET /openapi.json': document(path) });
      expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'payload_refused' } });
      expect(found.kind === 'not-found' && found.failure.detail).toContain('the address says “');
      expect(posts()).toEqual([]);
    },
  );

  it('is asked with the payload that is given', async () => {
    const more = { payloads: [{ customer: 7 }] };
    expect(await discovered('/orders', { 'POST /orders': created }, more)).toMatchObject({ kind: 'found' });
    expect(posts()).toEqual(['/orders']);
  });

  it('is none where a model is called so', async () => {
    const routes: Routes = {
      'GET /v2/models/order-risk': { body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }] } },
      'POST /v2/models/order-risk/infer': {
        body: { outputs: [{ name: 'y', shape: [1], datatype: 'INT64', data: [1] }] },
      },
    };
    expect(await discovered('/v2/models/order-risk/infer', routes)).toMatchObject({ kind: 'found' });
  });
});

describe('an address that may be anything', () => {
  it.each<[string, Json]>([
    ['fields', { detail: [{ loc: ['body', 'customer_id'], msg: 'Field required' }] }],
    ['a field in words', { error: "missing field 'customer_id'" }],
  ])('is not sent the %s that it names', async (_, refusal) => {
    const order = ({ body }: Asked): Reply =>
      isObject(body) && 'customer_id' in body
        ? { status: 201, body: { id: 'o-1', status: 'created', score: 0.4 } }
        : { status: 422, body: refusal };
    expect(await discovered('/', { 'POST /': order })).toMatchObject({ kind: 'not-found' });
    expect(server.asked.some(({ body }) => isObject(body) && 'customer_id' in body)).toBe(false);
  });

  it.each<[string, Reply]>([
    ['nothing of a prediction', { body: { status: 'ok', rows: 3 } }],
    ['201', { status: 201, body: { score: 0.4, label: 'a' } }],
    ['that it was done', { body: { result: 'deleted' } }],
    ['a page', { body: '<html>' }],
    ['a text', { headers: { 'content-type': 'text/plain' }, body: 'Session expired' }],
  ])('is asked no more once it has answered with %s', async (name, reply) => {
    const refusing = ({ body }: Asked): Reply =>
      isObject(body) && 'input' in body ? reply : { status: 422, body: {} };
    expect(await discovered('/p', { 'POST /p': refusing })).toMatchObject({ kind: 'not-found' });
    // The greeting, the shape that was taken, and of a text another like it.
    expect(posts()).toHaveLength(name === 'a text' ? 3 : 2);
  });

  it('is a model where it answers with a prediction, and not with what it did', async () => {
    const found = await discovered('/p', { 'POST /p': { body: { label: 'running', score: 0.4 } } });
    expect(found).toMatchObject({ kind: 'not-found' });
    await server.close();
    expect(await discovered('/p', { 'POST /p': { body: { label: 'spam', score: 0.4 } } })).toMatchObject({
      kind: 'found',
    });
    await server.close();
    // A class of movements, and a framework that answers every POST with 201.
    const running: Reply = { body: { label: 'running', score: 0.4 } };
    expect(await discovered('/predict', { 'POST /predict': running })).toMatchObject({ kind: 'found' });
    await server.close();
    const nest: Reply = { status: 201, body: { label: 'spam', score: 0.4 } };
    expect(await discovered('/predict', { 'POST /predict': nest })).toMatchObject({ kind: 'found' });
  });
});

describe('a text by itself', () => {
  const plain = (body: string): Reply => ({ headers: { 'content-type': 'text/plain' }, body });
  const WORDS = ['Quota exceeded', 'Starting', 'Session expired', 'Unexpected payload', 'Busy', 'Nicht gefunden'];

  it.each(WORDS.map((words) => [words]))('“%s” is no prediction, and is quoted', async (words) => {
    const found = await discovered('/predict', { 'POST /predict': plain(words) });
    expect(found.kind === 'not-found' && found.failure.detail).toContain(`“${words}”; give a payload, or say that`);
    expect(found).toMatchObject({ failure: { reason: 'schema' } });
  });

  it('is one where another payload gets another', async () => {
    const spam = ({ body }: Asked): Reply => plain(JSON.stringify(body).includes('free') ? 'spam' : 'ham');
    expect(await discovered('/predict', { 'POST /predict': spam })).toMatchObject({
      kind: 'found',
      isGuess: true,
      answer: { prediction: 'ham' },
    });
  });

  it('is one where a person gave the payload, or says that it is', async () => {
    const routes = { 'POST /predict': plain('ham') };
    const given = await discovered('/predict', routes, { payloads: [{ text: 'hello' }] });
    expect(given).toMatchObject({ kind: 'found', answer: { prediction: 'ham' } });
    await server.close();
    const said = await discovered('/predict', routes, { asking: { pointers: { prediction: '' } } });
    expect(said).toMatchObject({ kind: 'found', answer: { prediction: 'ham' } });
  });
});

describe('a server that repeats what it was sent', () => {
  const textOf = ({ body }: Asked): string => (body as { text?: string }).text ?? '';
  const whole = ({ body }: Asked): Reply => ({ body });
  const inData = ({ body }: Asked): Reply => ({ body: { url: '/', data: JSON.stringify(body), json: body } });
  const inText = (asked: Asked): Reply => ({ body: { text: textOf(asked) } });

  it.each([
    ['all of it', whole],
    ['in `data` and `json`', inData],
    ['in `text`', inText],
  ])('is not found to be a model, and is asked twice: %s', async (_, echo) => {
    for (const path of ['/post', '/predict']) {
      const found = await discovered(path, { [`POST ${path}`]: echo });
      expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'schema' } });
      expect(found.kind === 'not-found' && found.failure.detail).toContain('repeats what it was sent');
      expect(posts()).toHaveLength(2);
      await server.close();
    }
    // Whoever gave a payload knows what comes back.
    const given = await discovered('/predict', { 'POST /predict': echo }, { payloads: [{ text: 'A text of mine.' }] });
    expect(given).toMatchObject({ kind: 'found' });
  });

  it('is one where it leaves alone only what is right', async () => {
    const corrected = (asked: Asked): Reply => ({ body: { text: textOf(asked).replace('Thiss', 'This') } });
    expect(await discovered('/predict', { 'POST /predict': corrected })).toMatchObject({ kind: 'found' });
    await server.close();
    const translated = (asked: Asked): Reply => ({ body: { text: textOf(asked).replace('dieser Satz', 'this') } });
    expect(await discovered('/predict', { 'POST /predict': translated })).toMatchObject({ kind: 'found' });
  });

  it('is one where a label that was sent is its answer', async () => {
    const labels = ['billing problem', 'refund request'];
    const first = ({ body }: Asked): Reply =>
      isObject(body) && isObject(body.parameters ?? null)
        ? { body: { labels: (body.parameters as { candidate_labels: string[] }).candidate_labels, scores: [0.9, 0.1] } }
        : { status: 422, body: {} };
    const payload = { inputs: 'My invoice is wrong.', parameters: { candidate_labels: labels } };
    expect(await discovered('/predict', { 'POST /predict': first }, { payloads: [payload] })).toMatchObject({
      kind: 'found',
      answer: { prediction: 'billing problem' },
    });
    await server.close();
    const schema = { type: 'object', example: payload };
    const described = { post: { requestBody: { content: { 'application/json': { schema } } } } };
    const routes = { 'GET /openapi.json': { body: { paths: { '/predict': described } } }, 'POST /predict': first };
    expect(await discovered('/predict', routes)).toMatchObject({ kind: 'found' });
  });
});
