import { afterEach, describe, expect, it } from 'vitest';
import { discover } from '../../../../exporter/src/capture/probing/discover.js';
import { isObject } from '../../../../exporter/src/domain/json.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import { modelServer, type Asked, type Reply, type Routes } from './model-server.js';

let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(() => server.close());

async function discovered(path: string, routes: Routes) {
  server = await modelServer(routes);
  return discover(
    { ...server.context, timeoutMs: 300 },
    { url: `${server.origin}${path}`, authorizationSecret: 'token' },
  );
}

/** Answers only a body that `accepts`; others get FastAPI's 422. */
const accepting =
  (accepts: (body: Json) => boolean, answer: Json = { prediction: 'a', confidence: 0.9 }) =>
  ({ body }: Asked): Reply =>
    accepts(body) ? { body: answer } : { status: 422, body: { detail: 'unprocessable' } };

const openapi = {
  openapi: '3.1.0',
  paths: {
    '/retrain': { post: { requestBody: { content: { 'application/json': { schema: { type: 'object' } } } } } },
    '/predict': {
      post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Row' } } } } },
    },
  },
  components: {
    schemas: {
      Row: {
        type: 'object',
        required: ['age', 'job'],
        properties: {
          age: { type: 'integer', minimum: 18, maximum: 90 },
          job: { type: 'string', enum: ['clerk', 'sales'] },
          rate: { anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 1 }, { type: 'null' }] },
        },
      },
    },
  },
};
const isRow = (body: Json): boolean =>
  isObject(body) &&
  Number.isInteger(body.age) &&
  Number(body.age) >= 18 &&
  Number(body.age) <= 90 &&
  (body.job === 'clerk' || body.job === 'sales') &&
  Number(body.rate) > 0 &&
  Number(body.rate) <= 1;

it('finds no model in an empty list, and one in the next payload with which it finds something', async () => {
  server = await modelServer({
    'POST /p': ({ body }) => ({
      body: isObject(body) && body.n === 2 ? { tags: [{ name: 'a', p: 0.9 }] } : { tags: [] },
    }),
  });
  const target = { url: `${server.origin}/p`, authorizationSecret: null };
  expect(await discover(server.context, { ...target, payloads: [{ n: 1 }] })).toMatchObject({
    kind: 'not-found',
    failure: { detail: 'the list at /tags is empty, so no prediction was found in it' },
  });
  expect(await discover(server.context, { ...target, payloads: [{ n: 1 }, { n: 2 }] })).toMatchObject({
    kind: 'found',
    answer: { prediction: 'a' },
  });
});

it('tells what was tried the same way with the same outcome once', async () => {
  const found = await discovered('/predict', { 'POST /predict': { status: 500, body: { detail: 'worker died' } } });
  expect(found.kind).toBe('not-found');
  const told = found.attempts.map((attempt) => JSON.stringify(attempt));
  expect(told.length).toBeGreaterThan(2);
  expect(new Set(told).size).toBe(told.length);
});

describe('described endpoints', () => {
  it.each(['/', '/predict'])('reads OpenAPI from %s and never touches what is not a prediction', async (path) => {
    const found = await discovered(path, {
      'GET /openapi.json': { body: openapi },
      'POST /predict': accepting(isRow),
      'POST /retrain': { body: { prediction: 'started' } },
    });
    expect(found).toMatchObject({ kind: 'found', endpoint: { connector: 'rest', url: `${server.origin}/predict` } });
    if (found.kind !== 'found') return;
    expect(found.payloads.length).toBeGreaterThan(3);
    expect(found.payloads.every(isRow)).toBe(true);
    expect(server.asked.filter(({ path: asked }) => asked === '/retrain')).toEqual([]);
  });

  it('finds a Gradio function from the root', async () => {
    const found = await discovered('/', {
      'GET /gradio_api/info': {
        body: { named_endpoints: { '/classify': { parameters: [{ type: { type: 'string' } }], returns: [] } } },
      },
      'POST /gradio_api/call/classify': { body: { event_id: '1' } },
      'GET /gradio_api/call/classify/1': { body: 'event: complete\ndata: ["positive"]\n\n' },
    });
    expect(found).toMatchObject({
      kind: 'found',
      endpoint: { connector: 'gradio' },
      answer: { prediction: 'positive' },
    });
  });

  it('finds MLflow from the root, with a signature', async () => {
    const found = await discovered('/', {
      'GET /version': { body: '2.19.0' },
      'POST /invocations': ({ body }) =>
        isObject(body) &&
        isObject(body.dataframe_split) &&
        Array.isArray(body.dataframe_split.columns) &&
        body.dataframe_split.columns.includes('x')
          ? { body: { predictions: [3] } }
          : {
              status: 400,
              body: {
                message:
                  "Failed to enforce schema of data '' with schema '['x': double (required)]'. Error: Model is missing inputs ['x'].",
              },
            },
    });
    expect(found).toMatchObject({
      kind: 'found',
      endpoint: { connector: 'mlflow', url: `${server.origin}/invocations` },
    });
  });

  it('finds a v2 model and TorchServe by their paths', async () => {
    const v2 = await discovered('/v2/models/m', {
      'GET /v2/models/m': { body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }] } },
      'POST /v2/models/m/infer': accepting((body) => isObject(body) && Array.isArray(body.inputs), {
        outputs: [{ name: 'y', shape: [1], datatype: 'INT64', data: [1] }],
      }),
    });
    expect(v2).toMatchObject({ kind: 'found', endpoint: { connector: 'open-inference' }, answer: { prediction: 1 } });
    await server.close();
    const torch = await discovered('/predictions/m', {
      'POST /predictions/m': accepting((body) => isObject(body) && Array.isArray(body.instances), {
        cat: 0.9,
        dog: 0.1,
      }),
    });
    expect(torch).toMatchObject({
      kind: 'found',
      endpoint: { connector: 'torchserve' },
      answer: { prediction: 'cat' },
    });
  });
});

describe('common shapes', () => {
  it.each(['text', 'input', 'inputs', 'data', 'features', 'instances'])('{"%s"}', async (key) => {
    const found = await discovered('/p', { 'POST /p': accepting((body) => isObject(body) && key in body) });
    expect(found).toMatchObject({ kind: 'found', endpoint: { connector: 'rest', authorizationSecret: 'token' } });
    if (found.kind !== 'found') return;
    expect(found.payloads.every((payload) => isObject(payload) && key in payload)).toBe(true);
    expect(found.attempts.at(-1)).toMatchObject({
      outcome: 'answered: prediction from /prediction, confidence from /confidence',
    });
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });
});

describe('nothing to find', () => {
  it('asks once when nobody answers in time', async () => {
    const found = await discovered('/p', { 'POST /p': 'never' });
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'timeout' } });
    expect(found).not.toHaveProperty('described');
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });

  it('tells where nobody answers in time at what the server itself describes', async () => {
    const schema = { type: 'object', properties: { age: { type: 'integer', examples: [38] } } };
    const post = { requestBody: { content: { 'application/json': { schema } } } };
    const document = { body: { paths: { '/p': { post } } } };
    const found = await discovered('/p', { 'POST /p': 'never', 'GET /openapi.json': document });
    expect(found).toMatchObject({ kind: 'not-found', described: { payloads: [{ age: 38 }] } });
    expect(server.asked.length).toBe(2);
    expect(await discovered('/q', { 'POST /q': 'never', 'GET /openapi.json': document })).not.toHaveProperty(
      'described',
    );
  });

  it('asks once when nobody listens', async () => {
    server = await modelServer({});
    const { origin } = server;
    await server.close();
    const found = await discover(server.context, { url: `${origin}/p`, authorizationSecret: null });
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'connect' } });
    expect(found.attempts.length).toBeLessThanOrEqual(2);
    server = await modelServer({});
  });

  it.each<[string, Reply, string]>([
    ['an error on every question', { status: 500, body: '' }, 'http_5xx'],
    ['a payload it does not take', { status: 422, body: {} }, 'payload_refused'],
    ['an error with 200', { body: { error: 'no' } }, 'error_body'],
  ])('tells %s and stays bounded', async (_, reply, reason) => {
    const found = await discovered('/p', { 'POST /p': reply });
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason } });
    expect(found.attempts.length).toBeGreaterThan(4);
    expect(server.asked.length).toBeLessThanOrEqual(45);
  });

  it('gives no fields to what is not named like a prediction, for it may do what it is told', async () => {
    const orders = ({ body }: Asked): Reply =>
      isObject(body) && 'customer' in body
        ? { status: 201, body: { order: 7, status: 'created' } }
        : { status: 422, body: { detail: [{ loc: ['body', 'customer'], msg: 'Field required' }] } };
    expect(await discovered('/orders', { 'POST /orders': orders })).toMatchObject({ kind: 'not-found' });
    expect(server.asked.some(({ body }) => isObject(body) && 'customer' in body)).toBe(false);
  });

  it('ends with a server that names another field each time', async () => {
    let n = 0;
    const more = (): Reply => ({
      status: 422,
      body: { detail: [{ loc: ['body', `f${(n += 1)}`], msg: 'Field required' }] },
    });
    const found = await discovered('/predict', { 'POST /predict': more });
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'payload_refused' } });
    expect(n).toBeLessThanOrEqual(30);
  });

  it('varies no word that may be a choice', async () => {
    const churn = ({ body }: Asked): Reply =>
      isObject(body) && body.plan === 'basic'
        ? { body: { prediction: 'stays' } }
        : {
            status: 422,
            body: {
              detail: [
                {
                  loc: ['body', 'plan'],
                  msg: isObject(body) && 'plan' in body ? "Input should be 'basic' or 'premium'" : 'Field required',
                },
              ],
            },
          };
    const found = await discovered('/predict', { 'POST /predict': churn });
    expect(found).toMatchObject({ kind: 'found', payloads: [{ plan: 'basic' }] });
  });

  it('asks once where credentials are wanted, and quotes what the server wants', async () => {
    const found = await discovered('/p', { 'POST /p': { status: 401, body: { detail: 'missing X-API-Key' } } });
    expect(found).toMatchObject({
      kind: 'not-found',
      failure: { reason: 'credentials', detail: 'the server answered 401: “missing X-API-Key”' },
    });
    expect(server.asked).toHaveLength(1);
  });

  it('asks the payload that is given first, with the headers and parameters that are given', async () => {
    server = await modelServer({
      'POST /v1/models/iris:predict?key=s3cret-value': ({ body, headers }): Reply =>
        headers['x-api-key'] === 'Bearer s3cret' && JSON.stringify(body) === '{"instances":[[5.1,3.5,1.4]]}'
          ? { body: { out: { class: 'setosa', p: [0.1, 0.9] } } }
          : { status: 500, body: 'expected 3 numbers' },
    });
    const found = await discover(server.context, {
      url: `${server.origin}/v1/models/iris:predict`,
      authorizationSecret: null,
      connector: 'rest',
      payloads: [{ instances: [[5.1, 3.5, 1.4]] }],
      asking: {
        headers: { 'X-Api-Key': { secret: 'token' } },
        query: { key: { value: 's3cret-value' } },
        pointers: { prediction: '/out/class', confidence: '/out/p' },
      },
    });
    expect(found).toMatchObject({
      kind: 'found',
      payloads: [{ instances: [[5.1, 3.5, 1.4]] }],
      answer: { prediction: 'setosa', confidence: 0.9 },
      endpoint: { asking: { headers: { 'X-Api-Key': { secret: 'token' } } } },
    });
    expect(JSON.stringify(found)).not.toContain('Bearer s3cret');
    expect(server.asked).toHaveLength(1);
  });

  it('knows OpenAI’s interface by its path, also where a payload is given', async () => {
    server = await modelServer({
      'POST /v1/chat/completions': { body: { choices: [{ message: { role: 'assistant', content: 'Paris' } }] } },
    });
    const found = await discover(server.context, {
      url: `${server.origin}/v1/chat/completions`,
      authorizationSecret: null,
      payloads: [{ model: 'm', messages: [{ role: 'user', content: 'Capital of France?' }] }],
    });
    expect(found).toMatchObject({ kind: 'found', endpoint: { connector: 'openai' } });
    expect(server.asked).toHaveLength(1);
  });

  it('stops when the server asks to wait, and says how long', async () => {
    const found = await discovered('/p', {
      'POST /p': { status: 503, body: { error: 'loading', estimated_time: 20 } },
    });
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'http_5xx', retryAfterMs: 20_000 } });
    expect(server.asked).toHaveLength(1);
  });

  it.each([502, 503, 504])('stops when the server answers %i, also without saying how long', async (status) => {
    const found = await discovered('/p', { 'POST /p': { status, body: { detail: 'Model is loading' } } });
    expect(found).toMatchObject({ kind: 'not-found', failure: { httpStatus: status } });
    expect(server.asked).toHaveLength(1);
  });

  it('refuses what is no URL', async () => {
    server = await modelServer({});
    expect(await discover(server.context, { url: 'nonsense', authorizationSecret: null })).toMatchObject({
      kind: 'not-found',
      failure: { reason: 'blocked' },
    });
  });
});

describe('the first contact', () => {
  const greeted: Routes = {
    'POST /predict': { body: { prediction: 'a', confidence: 0.9 } },
    'POST /predict/': { body: { prediction: 'a', confidence: 0.9 } },
  };

  it('asks a model that answers at once for a document that says more, and for nothing else', async () => {
    const found = await discovered('/predict', greeted);
    expect(found).toMatchObject({ kind: 'found', isGuess: true });
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /predict',
      'GET /openapi.json',
      'GET /predict/openapi.json',
      'GET /predict/docs.json',
      'GET /docs.json',
    ]);
  });

  it('stops at the first document that says enough', async () => {
    const found = await discovered('/predict', { ...greeted, 'GET /openapi.json': { body: openapi } });
    expect(found).toMatchObject({
      kind: 'found',
      isGuess: false,
      payloads: [{ job: 'clerk' }, {}, {}, {}, {}, {}, {}, {}],
    });
    expect(server.asked.length).toBe(3);
  });

  it.each([429, 503])(
    'asks nothing more of a server that answers %i, and says how long it wants to be left alone',
    async (status) => {
      const limited: Reply = { status, headers: { 'retry-after': '7' }, body: { error: 'not now' } };
      const found = await discovered('/', { 'POST /': { status: 404, body: {} }, 'GET /v2': limited });
      expect(found).toMatchObject({ kind: 'not-found', failure: { httpStatus: status, retryAfterMs: 7_000 } });
      expect(server.asked.at(-1)?.path).toBe('/v2');

      const answered = await discovered('/predict', { ...greeted, 'GET /openapi.json': limited });
      expect(answered).toMatchObject({ kind: 'found', isGuess: true });
      expect(server.asked.length).toBe(2);
    },
  );

  it('follows a redirect to the address with a slash once, keeps what it learnt, and tells it', async () => {
    const moved = (location: string): Reply => ({ status: 307, headers: { location }, body: '' });
    const found = await discovered('/predict', { ...greeted, 'POST /predict': moved('/predict/?key=s3cret') });
    expect(found).toMatchObject({ kind: 'found', endpoint: { url: `${server.origin}/predict/` } });
    expect(found.attempts[0]).toMatchObject({
      url: `${server.origin}/predict/`,
      outcome: expect.stringContaining('answered where the server points to') as unknown,
    });
    expect(server.asked.filter(({ method }) => method === 'POST').length).toBe(2);

    for (const elsewhere of ['/other', 'http://127.0.0.1:9/predict/', '/predict/predict/']) {
      const refused = await discovered('/predict', { ...greeted, 'POST /predict': moved(elsewhere) });
      expect(refused).toMatchObject({ kind: 'not-found', failure: { reason: 'moved' } });
    }
    const loop = { 'POST /predict': moved('/predict/'), 'POST /predict/': moved('/predict') };
    expect(await discovered('/predict', loop)).toMatchObject({ kind: 'not-found', failure: { reason: 'moved' } });
  });
});

describe('an OpenAPI document whose address is given', () => {
  const withDocument = async (address: string, routes: Routes) => {
    server = await modelServer(routes);
    const target = {
      url: `${server.origin}/lab/predict`,
      authorizationSecret: 'token',
      asking: { openapi: address, headers: { 'x-api-key': { value: 'k3y-value' } } },
    };
    return discover(server.context, target);
  };
  const routes: Routes = { 'POST /lab/predict': accepting(isRow), 'GET /internal/api.json': { body: openapi } };

  it('is read instead of being looked for, and asked at the address', async () => {
    const found = await withDocument('/internal/api.json', routes);
    expect(found).toMatchObject({
      kind: 'found',
      isGuess: false,
      endpoint: { asking: { openapi: '/internal/api.json' } },
    });
    expect(server.asked.map(({ path }) => path)).toEqual(['/lab/predict', '/internal/api.json', '/lab/predict']);
    expect(server.asked[1]?.headers).toMatchObject({ authorization: 'Bearer s3cret', 'x-api-key': 'k3y-value' });
  });

  it('gets no credentials of the model where it is on another server', async () => {
    const other = await modelServer({ 'GET /api.json': { body: openapi } });
    try {
      expect(await withDocument(`${other.origin}/api.json`, routes)).toMatchObject({ kind: 'found' });
      expect(other.asked.length).toBe(1);
      expect(other.asked[0]?.headers.authorization).toBeUndefined();
      expect(other.asked[0]?.headers['x-api-key']).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  it('is said not to be there, or to say nothing of the model', async () => {
    const absent = await withDocument('/nowhere.json?key=s3cret', routes);
    expect(absent.kind === 'not-found' && absent.failure.detail).toMatch(
      /^there is no OpenAPI document in JSON at http:\/\/127[^?]*\/nowhere\.json; .*unprocessable/,
    );
    const silent = { paths: { '/a': { get: {} }, '/b': { get: {} } } };
    const useless = await withDocument('/internal/api.json', { ...routes, 'GET /internal/api.json': { body: silent } });
    expect(useless.kind === 'not-found' && useless.failure.detail).toContain('describes nothing that is sent by POST');
  });
});

describe('whether a document says what the model takes', () => {
  const guessOf = async (schema: Json) => {
    const paths = { '/predict': { post: { requestBody: { content: { 'application/json': { schema } } } } } };
    const found = await discovered('/predict', {
      'GET /openapi.json': { body: { paths } },
      'POST /predict': { body: { prediction: 'a', confidence: 0.9 } },
    });
    return found.kind === 'found' ? [found.isGuess, found.attempts.at(-1)?.what] : null;
  };
  const objectOf = (properties: Json, required: Json = []): Json => ({ type: 'object', properties, required });

  it.each<[string, Json]>([
    ['named values', objectOf({ age: { type: 'integer' }, note: { type: 'string' } })],
    ['an example', objectOf({ rows: { type: 'array', example: [[1, 2]] } })],
    ['what may be left out', objectOf({ age: { type: 'integer' }, more: { type: 'object' } }, ['age'])],
    ['a simple pattern', objectOf({ code: { type: 'string', pattern: '^[A-Z]{2}-\\d{4}$' } })],
  ])('%s', async (_, schema) => expect(await guessOf(schema)).toEqual([false, 'OpenAPI document']));

  it.each<[string, Json, string]>([
    ['objects of anything', objectOf({ data: { type: 'array', items: { type: 'object' } } }), 'data'],
    [
      'numbers of any width',
      objectOf({ data: { type: 'array', items: { type: 'array', items: { type: 'number' } } } }),
      'data',
    ],
    ['a pattern that is not understood', objectOf({ code: { type: 'string', pattern: '^(?=.*x)\\p{L}+$' } }), 'code'],
  ])('not %s', async (_, schema, name) =>
    expect(await guessOf(schema)).toEqual([true, `OpenAPI document, which leaves open what ${name} may be`]),
  );
});

it('tells the furthest refusal of those that came to the fields the server named', async () => {
  const reached = ({ body }: Asked): Reply => {
    const rows = isObject(body) ? body.instances : undefined;
    const [loc, msg] = isObject(rows ?? null)
      ? [['body', 'instances', 'customers', 0], 'Input should be a valid dictionary']
      : rows === undefined
        ? [['body', 'instances'], 'Field required']
        : [['body', 'instances', 'customers'], 'Field required'];
    return { status: 422, body: { detail: [{ loc, msg }] } };
  };
  const nested = ({ body }: Asked): Reply =>
    isObject(body) && typeof body.instances === 'string'
      ? { status: 422, body: { detail: [{ loc: ['body', 'instances'], msg: 'Input should be a valid dictionary' }] } }
      : reached({ method: 'POST', path: '/predict', headers: {}, body });
  const found = await discovered('/predict', { 'POST /predict': nested });
  expect(found.kind === 'not-found' && found.failure.detail).toBe(
    'the server answered 422: “instances.customers.0: Input should be a valid dictionary”',
  );
  const login = { status: 302, headers: { location: 'https://sso.example/login' }, body: '' };
  await discovered('/score', { 'POST /score': login });
  expect(server.asked).toHaveLength(1);
  const wrong = await discovered('/score', { 'POST /score': { status: 405, body: '' } });
  expect(wrong.attempts[0]?.outcome).toMatch(/^wrong method: the server answered 405/);
});
