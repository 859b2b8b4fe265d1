import { afterEach, describe, expect, it } from 'vitest';
import { CONNECTORS, connectorOf } from '../../../../../exporter/src/capture/probing/connectors/index.js';
import { imageUrl } from '../../../../../exporter/src/capture/probing/payloads/images.js';
import { payloadsFromRefusal } from '../../../../../exporter/src/capture/probing/payloads/mlflow-signature.js';
import { CONNECTOR_IDS, type ConnectorId, type Endpoint } from '../../../../../exporter/src/domain/model.js';
import { modelServer, type Reply, type Routes } from '../model-server.js';

let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(() => server.close());

const endpoint = (connector: ConnectorId, path: string, settings: Endpoint['settings'] = {}): Endpoint => ({
  url: `${server.origin}${path}`,
  connector,
  settings,
  authorizationSecret: 'token',
});

async function described(id: ConnectorId, path: string, routes: Routes) {
  server = await modelServer(routes);
  return connectorOf(id).describe(server.context, new URL(`${server.origin}${path}`), 'token');
}

const PATHS: Record<ConnectorId, readonly [path: string, settings: Endpoint['settings']]> = {
  rest: ['/predict', {}],
  'huggingface-inference': ['/models/x', {}],
  'huggingface-space': ['/predict', {}],
  gradio: ['/gradio_api/call/predict', { api: 'call' }],
  'open-inference': ['/v2/models/m/infer', {}],
  mlflow: ['/invocations', {}],
  torchserve: ['/predictions/m', {}],
  bentoml: ['/classify', {}],
  openai: ['/v1/chat/completions', {}],
  ollama: ['/api/chat', {}],
  'tensorflow-serving': ['/v1/models/m:predict', {}],
  kserve: ['/v1/models/m:predict', {}],
  vertex: ['/v1/projects/p/locations/l/endpoints/e:predict', {}],
  sagemaker: ['/invocations', {}],
  seldon: ['/seldon/ns/m/api/v1.0/predictions', {}],
  'azure-ml': ['/score', {}],
  multipart: ['/predict', {}],
};

describe.each(CONNECTOR_IDS)('%s, like every connector', (id) => {
  const [path, settings] = PATHS[id];
  const ask = async (reply: Reply | 'never') => {
    server = await modelServer({ [`POST ${path}`]: reply });
    return connectorOf(id).ask({ ...server.context, timeoutMs: 250 }, endpoint(id, path, settings), { text: 'hello' });
  };

  it('is registered once', async () => {
    server = await modelServer({});
    expect(CONNECTORS.filter((connector) => connector.id === id)).toHaveLength(1);
  });

  it.each<[string, Reply | 'never', string]>([
    ['404', { status: 404, body: {} }, 'not_found'],
    ['500', { status: 500, body: 'trace' }, 'http_5xx'],
    ['an error page', { body: '<html>' }, 'not_json'],
    ['an error with 200', { body: { error: 'no' } }, 'error_body'],
    ['an answer without a prediction', { body: { status: 'ok' } }, 'schema'],
    ['silence', 'never', 'timeout'],
  ])('classifies %s', async (_, reply, reason) => {
    expect(await ask(reply)).toMatchObject({ kind: 'failure', failure: { reason } });
  });

  it('hands on Retry-After and sends the secret as Authorization', async () => {
    const answer = await ask({ status: 429, headers: { 'retry-after': '3' }, body: {} });
    expect(answer).toMatchObject({ kind: 'failure', failure: { reason: 'rate_limited', retryAfterMs: 3_000 } });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer s3cret');
    expect(JSON.stringify(answer)).not.toContain('s3cret');
  });

  it('finds nothing at a server that describes nothing', async () => {
    expect(await described(id, '/other', {})).toEqual([]);
  });
});

describe('gradio', () => {
  const info = {
    named_endpoints: {
      '/clear': { parameters: [], returns: [] },
      '/predict': {
        parameters: [
          { label: 'Text', type: { type: 'string' }, python_type: { type: 'str' }, example_input: 'Hello!!' },
          { label: 'k', type: { type: 'number' }, parameter_has_default: true, parameter_default: 3 },
        ],
        returns: [{ label: 'output' }],
      },
    },
  };

  it('reads the description and asks by event stream', async () => {
    const found = await described('gradio', '/', {
      'GET /gradio_api/info': { body: info },
      'POST /gradio_api/call/predict': { body: { event_id: 'e/1' } },
      'GET /gradio_api/call/predict/e%2F1': {
        headers: { 'content-type': 'text/event-stream' },
        body: 'event: heartbeat\ndata: null\n\nevent: generating\ndata: ["no"]\n\nevent: complete\ndata: [{"label":"cat","confidences":[{"label":"cat","confidence":0.6}]}]\n\n',
      },
    });
    const [first] = found;
    expect(first?.endpoint.url).toBe(`${server.origin}/gradio_api/call/predict`);
    const [payload] = first?.payloads ?? [];
    expect(payload).toEqual({ data: [expect.any(String), 3] });
    const answer = await connectorOf('gradio').ask(
      server.context,
      endpoint('gradio', '/gradio_api/call/predict', { api: 'call' }),
      payload ?? null,
    );
    expect(answer).toMatchObject({ kind: 'answer', prediction: 'cat', confidence: 0.6 });
  });

  it.each([
    ['event: error\ndata: null\n\n', 'http_5xx'],
    ['event: heartbeat\ndata: null\n\n', 'schema'],
  ])('classifies the stream %j', async (body, reason) => {
    server = await modelServer({
      'POST /gradio_api/call/predict': { body: { event_id: 'e' } },
      'GET /gradio_api/call/predict/e': { body },
    });
    const answer = await connectorOf('gradio').ask(
      server.context,
      endpoint('gradio', '/gradio_api/call/predict', { api: 'call' }),
      { data: [] },
    );
    expect(answer).toMatchObject({ failure: { reason } });
  });

  it('quotes the error of a function', async () => {
    server = await modelServer({
      'POST /gradio_api/call/predict': { body: { event_id: 'e' } },
      'GET /gradio_api/call/predict/e': { body: 'event: error\ndata: "cannot identify image file"\n\n' },
    });
    const answer = await connectorOf('gradio').ask(
      server.context,
      endpoint('gradio', '/gradio_api/call/predict', { api: 'call' }),
      { data: [] },
    );
    expect(answer).toMatchObject({
      failure: { detail: expect.stringContaining('“cannot identify image file”') as string },
    });
  });

  it('hands a file over once, and says why where it is not taken', async () => {
    let isTaken = true;
    server = await modelServer({
      'POST /gradio_api/upload': () =>
        isTaken ? { body: ['/tmp/a.png'] } : { status: 413, body: 'Part exceeded maximum size of 1KB.' },
      'POST /gradio_api/call/predict': ({ body }) => ({ body: { event_id: 'e', body } }),
      'GET /gradio_api/call/predict/e?key=k': {
        headers: { 'content-type': 'text/event-stream' },
        body: 'event: complete\ndata: ["cat"]\n\n',
      },
      'POST /gradio_api/upload?key=k': { body: ['/tmp/a.png'] },
      'POST /gradio_api/call/predict?key=k': { body: { event_id: 'e' } },
    });
    const picture = imageUrl(0);
    const ask = (context = server.context) =>
      connectorOf('gradio').ask(context, endpoint('gradio', '/gradio_api/call/predict', { api: 'call' }), {
        data: [picture, { image: picture, caption: null }, 'de'],
      });
    const keyed = { ...server.context, asking: { query: { key: { value: 'k' } } } };
    expect(await ask(keyed)).toMatchObject({ kind: 'answer', prediction: 'cat' });
    const file = { path: '/tmp/a.png', orig_name: 'a.png', mime_type: 'image/png', meta: { _type: 'gradio.FileData' } };
    expect(server.asked.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      '/gradio_api/upload',
      '/gradio_api/call/predict',
      '/gradio_api/call/predict/e',
    ]);
    expect(server.asked[1]?.body).toEqual({ data: [file, { image: file, caption: null }, 'de'] });
    isTaken = false;
    expect(await ask()).toMatchObject({
      failure: { reason: 'payload_refused', detail: expect.stringContaining('Part exceeded maximum size') as string },
    });
  });

  it('asks an old server by /run/predict, described or not', async () => {
    const found = await described('gradio', '/', {
      'GET /info': { body: info },
      'POST /run/predict': { body: { data: ['positive'], duration: 0.1 } },
    });
    const old = found.find(({ endpoint: { settings } }) => settings.api === 'run');
    const answer = await connectorOf('gradio').ask(server.context, old?.endpoint ?? endpoint('gradio', '/'), {
      data: ['a'],
    });
    expect(answer).toMatchObject({ kind: 'answer', prediction: 'positive', confidence: null });
    await server.close();
    const undescribed = await described('gradio', '/', { 'GET /config': { body: { components: [], version: '3.9' } } });
    expect(undescribed.map(({ endpoint: { url } }) => new URL(url).pathname)).toEqual(['/run/predict']);
  });
});

describe('open-inference', () => {
  it('fills the tensors the metadata describes and reads rows by name', async () => {
    const [found] = await described('open-inference', '/v2/models/m/infer', {
      'GET /v2/models/m': {
        body: {
          name: 'm',
          inputs: [
            { name: 'x', datatype: 'FP32', shape: [-1, 4] },
            { name: 't', datatype: 'BYTES', shape: [1] },
          ],
          outputs: [],
        },
      },
      'POST /v2/models/m/infer': {
        body: {
          model_name: 'm',
          model_version: '7',
          outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [1, 2], data: [0.2, 0.8] }],
        },
      },
    });
    expect(found?.payloads[0]).toEqual({
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [1, 4], data: [0, 1, 2, 3].map(() => expect.any(Number) as number) },
        { name: 't', datatype: 'BYTES', shape: [1], data: [expect.any(String)] },
      ],
    });
    const answer = await connectorOf('open-inference').ask(
      server.context,
      endpoint('open-inference', '/v2/models/m/infer'),
      found?.payloads[0] ?? null,
    );
    expect(answer).toMatchObject({ prediction: 1, confidence: 0.8, modelVersion: '7' });
  });

  const asked = async (reply: Reply, datatype: string) => {
    server = await modelServer({ 'POST /v2/models/m/infer': reply });
    return connectorOf('open-inference').ask(server.context, endpoint('open-inference', '/v2/models/m/infer'), {
      inputs: [{ name: 'x', datatype, shape: [1, 1], data: [1] }],
    });
  };

  it.each([
    ['FP16', 'receiving FP16 data via JSON is not supported. Please use the binary data format for input x'],
    ['BF16', 'unable to parse'],
    ['FP32', 'sending FP16 data via JSON is not supported. Please use the binary data format for output y'],
  ])('says what to do about 16-bit floats: %s, “%s”', async (datatype, error) => {
    const answer = await asked({ status: 400, body: { error } }, datatype);
    const type = datatype === 'BF16' ? 'BF16' : 'FP16';
    expect(answer).toMatchObject({
      failure: {
        reason: 'payload_refused',
        httpStatus: 400,
        detail: expect.stringMatching(
          new RegExp(`^${type} does not travel as JSON: serve the model with FP32.*${error}`),
        ) as string,
      },
    });
  });

  it('takes 16-bit floats where the server does, and leaves other refusals alone', async () => {
    const output = { name: 'y', datatype: 'FP16', shape: [1], data: [0.5] };
    expect(await asked({ body: { outputs: [output] } }, 'FP16')).toMatchObject({ kind: 'answer', prediction: 0.5 });
    await server.close();
    expect(await asked({ status: 400, body: { error: 'bad shape' } }, 'FP32')).toMatchObject({
      failure: { detail: 'the server answered 400: “bad shape”' },
    });
  });

  it.each([
    [{ 'inference-header-content-length': '31', 'content-type': 'application/octet-stream' }, 'without "binary_data"'],
    [{ 'content-type': 'application/octet-stream' }, 'let the server answer JSON'],
  ])('says what to do about a binary answer: %j', async (headers, words) => {
    const answer = await asked({ headers, body: '{"outputs":[{"name":"y"}]}\u0000\u0001' }, 'FP32');
    expect(answer).toMatchObject({ failure: { reason: 'not_json', detail: expect.stringContaining(words) as string } });
  });
});

describe('sagemaker', () => {
  it('sends lines as they are and pictures as files, with what every call is given', async () => {
    server = await modelServer({
      'PUT /invocations?key=k': ({ headers, body }) =>
        headers['content-type'] === 'text/csv'
          ? { body: '0.1,0.9', headers: { 'content-type': 'text/csv', 'x-amzn-invoked-production-variant': 'blue' } }
          : { body: { label: String(headers['content-type']), bytes: typeof body === 'string' ? body.length : 0 } },
    });
    const context = { ...server.context, asking: { method: 'PUT' as const, query: { key: { value: 'k' } } } };
    const ask = (payload: string) =>
      connectorOf('sagemaker').ask(context, endpoint('sagemaker', '/invocations'), payload);
    expect(await ask('1,2')).toMatchObject({ prediction: 1, confidence: 0.9, modelVersion: 'blue' });
    expect(server.asked[0]).toMatchObject({
      body: '1,2',
      headers: { accept: 'text/csv, application/json;q=0.9', authorization: 'Bearer s3cret' },
    });
    expect(await ask(imageUrl(0))).toMatchObject({ prediction: 'image/png' });
    expect(server.asked[1]?.body).toMatch(/^\u0089PNG/);
  });
});

describe('mlflow', () => {
  const two = (one: unknown): unknown[] => [one, one];
  const aNumber: unknown = expect.any(Number);
  const aText: unknown = expect.any(String);
  const three = (one: unknown): unknown[] => [one, one, one];
  const refusal = (schema: string): string =>
    JSON.stringify({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: `Failed to predict data 'Empty DataFrame'. \nError: Failed to enforce schema of data 'Empty DataFrame' with schema '[${schema}]'. Error: Model is missing inputs.`,
    });

  it('learns the columns from the refusal of an empty table', async () => {
    const columns = `'age': long (required), "owner's city": string (required), 'sepal length (cm)': double (required), 'new': boolean (optional)`;
    const [found] = await described('mlflow', '/', {
      'GET /version': { body: '3.1.0' },
      'POST /invocations': { status: 400, body: refusal(columns) },
    });
    expect(found?.endpoint.url).toBe(`${server.origin}/invocations`);
    expect(found?.payloads[0]).toEqual({
      dataframe_split: {
        columns: ['age', "owner's city", 'sepal length (cm)', 'new'],
        data: [[aNumber, aText, aNumber, expect.any(Boolean)]],
      },
    });
    expect(new Set(found?.payloads.map((payload) => JSON.stringify(payload))).size).toBe(8);
  });

  it('learns the shape of an array', async () => {
    server = await modelServer({});
    const [payload] = payloadsFromRefusal(refusal("Tensor('float64', (-1, 3))"));
    expect(payload).toEqual({ inputs: [[aNumber, aNumber, aNumber]] });
    expect(payloadsFromRefusal(refusal("Tensor('float32', (-1, 2000, 2000))"))).toEqual([]);
    expect(payloadsFromRefusal('not json')).toEqual([]);
    expect(payloadsFromRefusal('{"message":7}')).toEqual([]);
  });

  it.each<[schema: string, payload: object]>([
    [
      "'x': Array(double) (required), 'img': binary (required), 't': datetime (optional)",
      {
        dataframe_split: {
          columns: ['x', 'img', 't'],
          data: [[three(aNumber), expect.stringMatching(/^iVBORw0KGgo/), aText]],
        },
      },
    ],
    [
      "'o': {a: long (required), b: Array(string) (required)} (required), 'm': Array(Array(float)) (required), 'k': Map(str -> DataType.string) (required)",
      {
        dataframe_split: {
          columns: ['o', 'm', 'k'],
          data: [[{ a: aNumber, b: three(aText) }, three(three(aNumber)), { a: aText, b: aText }]],
        },
      },
    ],
    ['double (required), string (required)', { dataframe_split: { columns: [0, 1], data: [[aNumber, aText]] } }],
    [
      "'x': Tensor('float32', (-1, 3)), 'y': Tensor('int64', (-1, 2, 2))",
      {
        inputs: {
          x: [three(aNumber)],
          y: [two(two(aNumber))],
        },
      },
    ],
    ["Tensor('bool', (-1, 2))", { inputs: [[expect.any(Boolean), expect.any(Boolean)]] }],
    [
      `"it's": double (required), 'a "b"': long (required)`,
      { dataframe_split: { columns: ["it's", 'a "b"'], data: [[aNumber, aNumber]] } },
    ],
  ])('fills a signature as MLflow 2.19 writes it: %s', async (schema, payload) => {
    server = await modelServer({});
    expect(payloadsFromRefusal(refusal(schema))[0]).toEqual(payload);
  });

  it('bears a signature without an end', async () => {
    server = await modelServer({});
    for (const part of ['{a: ', 'Array(', "'x': ", "Tensor('", '{}, ', '"', ' ', 'long, '])
      expect(payloadsFromRefusal(refusal(part.repeat(20_000))).length).toBeLessThanOrEqual(8);
  });

  it('reads predictions', async () => {
    server = await modelServer({ 'POST /invocations': { body: { predictions: [1] } } });
    const answer = await connectorOf('mlflow').ask(server.context, endpoint('mlflow', '/invocations'), {
      inputs: [[1]],
    });
    expect(answer).toMatchObject({ kind: 'answer', prediction: 1, confidence: null });
  });
});

describe('torchserve', () => {
  it('reads labels that are keys', async () => {
    server = await modelServer({ 'POST /predictions/m': { body: { dog: 0.1, cat: 0.9 } } });
    const answer = await connectorOf('torchserve').ask(server.context, endpoint('torchserve', '/predictions/m'), {
      data: 'x',
    });
    expect(answer).toMatchObject({ prediction: 'cat', confidence: 0.9 });
  });
});

describe('hugging face', () => {
  it('waits as long as a loading model says', async () => {
    server = await modelServer({
      'POST /models/x': { status: 503, body: { error: 'Model x is currently loading', estimated_time: 20 } },
    });
    const answer = await connectorOf('huggingface-inference').ask(
      server.context,
      endpoint('huggingface-inference', '/models/x'),
      { inputs: 'x' },
    );
    expect(answer).toMatchObject({ failure: { reason: 'http_5xx', httpStatus: 503, retryAfterMs: 20_000 } });
  });

  it('knows its own addresses', async () => {
    server = await modelServer({});
    const found = async (id: ConnectorId, url: string) =>
      (await connectorOf(id).describe(server.context, new URL(url), null)).map(({ endpoint: { url: at } }) => at);
    expect(await found('huggingface-inference', 'https://api-inference.huggingface.co/models/a/b')).toHaveLength(1);
    expect(await found('huggingface-inference', 'https://huggingface.co.example.com/models/a')).toEqual([]);
    expect(await found('huggingface-space', 'https://me-app.hf.space/')).toEqual(['https://me-app.hf.space/predict']);
  });
});

describe('bentoml', () => {
  it('asks the service, not the infrastructure', async () => {
    const schema = { type: 'object', properties: { text: { type: 'string' } } };
    const operation = (tag: string) => ({
      post: { tags: [tag], requestBody: { content: { 'application/json': { schema } } } },
    });
    const found = await described('bentoml', '/', {
      'GET /docs.json': {
        body: {
          openapi: '3.0.2',
          paths: { '/livez': operation('Infrastructure'), '/classify': operation('Service APIs') },
        },
      },
    });
    expect(found.map(({ endpoint: { url } }) => new URL(url).pathname)).toEqual(['/classify']);
    expect(found[0]?.payloads[0]).toEqual({ text: expect.any(String) as string });
  });
});
