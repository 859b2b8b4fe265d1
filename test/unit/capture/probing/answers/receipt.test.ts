import { afterEach, describe, expect, it } from 'vitest';
import { discover } from '../../../../../exporter/src/capture/probing/discover.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import { modelServer, type Asked, type Reply, type Routes } from '../model-server.js';

const CLOSERS: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of CLOSERS.splice(0)) await close();
});
async function serving(routes: Routes) {
  const server = await modelServer(routes);
  CLOSERS.push(() => server.close());
  return server;
}

/** What was waited is counted and not waited. */
async function asked(path: string, routes: Routes) {
  const server = await serving(routes);
  const discovery = await discover(
    { ...server.context, timeoutMs: 3_000, clock: { sleep: () => Promise.resolve() } },
    { url: `${server.origin}${path}`, authorizationSecret: 'token' },
  );
  return { ...server, discovery };
}

const ANSWER = { label: 'spam', score: 0.9 };
/** Says so often that the work goes on, and then what came of it. */
const after = (times: number, pending: Json, done: Json): ((one: Asked) => Reply) => {
  let count = 0;
  return () => ({ body: (count += 1) > times ? done : pending });
};

const SERVERS: readonly (readonly [what: string, path: string, routes: Routes])[] = [
  [
    'Cortex',
    '/classifier',
    {
      'POST /classifier': { body: { id: 'j-1' } },
      'GET /classifier/j-1': after(
        2,
        { id: 'j-1', status: 'in_progress' },
        { id: 'j-1', status: 'completed', result: ANSWER },
      ),
    },
  ],
  [
    'Replicate',
    '/v1/predictions',
    {
      'POST /v1/predictions': {
        status: 201,
        body: { id: 'p1', status: 'starting', output: null, urls: { get: '/v1/p/p1' } },
      },
      'GET /v1/p/p1': after(
        1,
        { id: 'p1', status: 'processing', output: null },
        { id: 'p1', status: 'succeeded', output: ANSWER },
      ),
    },
  ],
  [
    'a queue that answers 202 and a place',
    '/score-later',
    {
      'POST /score-later': { status: 202, headers: { location: '/jobs/7' }, body: '' },
      'GET /jobs/7': after(1, { state: 'Running' }, ANSWER),
    },
  ],
  [
    'a queue whose status points to the result',
    '/score-later',
    {
      'POST /score-later': { status: 202, headers: { location: '/jobs/7' }, body: { status: 'accepted' } },
      'GET /jobs/7': { status: 303, headers: { location: '/results/7' }, body: {} },
      'GET /results/7': { body: ANSWER },
    },
  ],
  [
    'a BentoML task',
    '/classify/submit',
    {
      'POST /classify/submit': { body: { task_id: 't1', status: 'in_progress' } },
      'GET /classify/status?task_id=t1': after(
        1,
        { task_id: 't1', status: 'in_progress' },
        { task_id: 't1', status: 'success' },
      ),
      'GET /classify/get?task_id=t1': { body: ANSWER },
    },
  ],
  [
    'a queue with addresses of status and result',
    '/fal',
    {
      'POST /fal': {
        body: { request_id: 'r', status: 'IN_QUEUE', status_url: '/fal/r/status', response_url: '/fal/r' },
      },
      'GET /fal/r/status': after(1, { status: 'IN_PROGRESS' }, { status: 'COMPLETED' }),
      'GET /fal/r': { body: ANSWER },
    },
  ],
];

describe('a server that answers later', () => {
  it.each(SERVERS)('is asked until it does: %s', async (_, path, routes) => {
    const { discovery, asked: calls } = await asked(path, routes);
    expect(discovery).toMatchObject({ kind: 'found', answer: { prediction: 'spam', confidence: 0.9 } });
    expect(calls.every(({ headers }) => headers.authorization === 'Bearer s3cret')).toBe(true);
  });

  it('has failed as it says', async () => {
    const { discovery } = await asked('/p', {
      'POST /p': { status: 201, body: { id: 'p1', status: 'starting', urls: { get: '/p/1' } } },
      'GET /p/1': { body: { id: 'p1', status: 'failed', error: 'CUDA out of memory', output: null } },
    });
    expect(discovery).toMatchObject({
      failure: { reason: 'error_body', detail: expect.stringContaining('CUDA out of memory') as string },
    });
  });

  it('is late when its time is over, however short each of its responses takes', async () => {
    const { discovery, asked: calls } = await asked('/p', {
      'POST /p': { body: { id: 'j' } },
      'GET /p/j': { body: { id: 'j', status: 'running' } },
    });
    expect(discovery).toMatchObject({
      failure: { reason: 'timeout', detail: expect.stringContaining('/p/j within 3 s') as string },
    });
    expect(calls.length).toBeLessThan(10);
  });

  it('is not taken for one whose answer is its receipt', async () => {
    const { discovery } = await asked('/p', { 'POST /p': { body: { id: 'j-1' } } });
    expect(discovery).toMatchObject({
      failure: { reason: 'schema', detail: expect.stringContaining('a receipt and no answer') as string },
    });
  });

  it('is not asked at another server, which is not told what is sent to this one', async () => {
    const other = await serving({ 'GET /p/1': { body: ANSWER } });
    const { discovery } = await asked('/p', {
      'POST /p': { status: 201, body: { id: 'p1', status: 'starting', urls: { get: `${other.origin}/p/1` } } },
    });
    expect(discovery.kind).toBe('not-found');
    expect(other.asked).toEqual([]);
  });
});
