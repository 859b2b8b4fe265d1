import { afterEach, describe, expect, it } from 'vitest';
import { answeredAlike } from '../../../../exporter/src/capture/probing/answered-alike.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { modelServer } from './model-server.js';

let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(() => server.close());

async function alike(payloads: readonly Json[]): Promise<number | null> {
  server = await modelServer({ 'POST /predict': { body: { prediction: 'a' } } });
  const endpoint = {
    url: `${server.origin}/predict`,
    connector: 'rest',
    settings: {},
    authorizationSecret: null,
  } as const;
  const said = {
    kind: 'answer',
    prediction: 'a',
    confidence: null,
    modelVersion: null,
    latencySeconds: 0,
    shape: '',
  } as const;
  const found = { kind: 'found', endpoint, payloads, isGuess: true, answer: said, attempts: [] } as const;
  return answeredAlike(server.context, found, seededRandom(1));
}

describe('how many payloads were answered alike', () => {
  it.each<[string, Json]>([
    ['a word', { inputs: 'setosa' }],
    ['a flag', { flag: true }],
    ['nothing', []],
  ])('is not told where all are one: %s', async (_, payload) => {
    expect(await alike([payload])).toBeNull();
    expect(server.asked).toEqual([]);
  });

  it('is not told of two', async () => expect(await alike([{ flag: true }, { flag: false }])).toBeNull());

  it('counts the ones that differ, each asked once', async () => {
    expect(await alike([{ flag: 'a' }, { flag: 'b' }, { flag: 'c' }])).toBe(3);
    expect(new Set(server.asked.map(({ body }) => JSON.stringify(body))).size).toBe(2);
    await server.close();
    expect(await alike([{ text: 'The service was quick.' }])).toBe(5);
    expect(new Set(server.asked.map(({ body }) => JSON.stringify(body))).size).toBe(4);
  });
});
