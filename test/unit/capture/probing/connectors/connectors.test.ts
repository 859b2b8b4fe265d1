import { afterEach, describe, expect, it } from 'vitest';
import { CONNECTORS, connectorOf } from '../../../../../exporter/src/capture/probing/connectors/index.js';
import { payloadsFromRefusal } from '../../../../../exporter/src/capture/probing/connectors/mlflow.js';
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
});

describe('mlflow', () => {
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
        data: [[expect.any(Number), expect.any(String), expect.any(Number), expect.any(Boolean)]],
      },
    });
    expect(new Set(found?.payloads.map((payload) => JSON.stringify(payload))).size).toBe(8);
  });

  it('learns the shape of an array', async () => {
    server = await modelServer({});
    const [payload] = payloadsFromRefusal(refusal("Tensor('float64', (-1, 3))"));
    expect(payload).toEqual({ inputs: [[expect.any(Number), expect.any(Number), expect.any(Number)]] });
    expect(payloadsFromRefusal(refusal("Tensor('float32', (-1, 2000, 2000))"))).toEqual([]);
    expect(payloadsFromRefusal('not json')).toEqual([]);
    expect(payloadsFromRefusal('{"message":7}')).toEqual([]);
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
