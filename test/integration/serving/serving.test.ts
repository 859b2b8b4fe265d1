import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { connectorOf } from '../../../exporter/src/capture/probing/connectors/index.js';
import { discover } from '../../../exporter/src/capture/probing/discover.js';
import { modelServer } from '../../unit/capture/probing/model-server.js';
import { connectingTable } from './connecting-table.js';
import { SERVINGS } from './servings.js';

let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(() => server.close());

describe.each(SERVINGS.filter(({ payload }) => payload === undefined))('$name', (serving) => {
  it('is asked from its address alone, and read right', async () => {
    server = await modelServer(serving.routes);
    const found = await discover(
      { ...server.context, timeoutMs: 5_000 },
      { url: `${server.origin}${serving.path}`, authorizationSecret: null },
    );
    if (found.kind === 'not-found') throw new Error(JSON.stringify(found, null, 1));
    expect(found.endpoint.connector).toBe(serving.connector);
    expect(found.attempts.at(-1)?.outcome).toBe(`answered: ${serving.reads}`);
    expect(found.answer.prediction).toEqual(serving.prediction ?? expect.any(Number));
    if (serving.confidence === null) expect(found.answer.confidence).toBeNull();
    else expect(found.answer.confidence).toBeCloseTo(serving.confidence, 12);

    // What is remembered is enough to ask again.
    const again = await connectorOf(found.endpoint.connector).ask(
      server.context,
      found.endpoint,
      found.payloads.at(-1) ?? null,
    );
    expect(again).toMatchObject({ kind: 'answer', prediction: found.answer.prediction, shape: found.answer.shape });
  });
});

describe.each(SERVINGS.filter(({ payload }) => payload !== undefined))('$name', (serving) => {
  it('is read right with one payload given', async () => {
    server = await modelServer(serving.routes);
    const endpoint = {
      url: `${server.origin}${serving.path}`,
      connector: serving.connector,
      settings: {},
      authorizationSecret: null,
    };
    const answer = await connectorOf(serving.connector).ask(server.context, endpoint, serving.payload ?? null);
    expect(answer).toMatchObject({
      kind: 'answer',
      prediction: serving.prediction,
      confidence: serving.confidence,
      from: serving.reads,
    });
  });
});

describe('docs/connecting.md', () => {
  it('has the table of these servers', async () => {
    server = await modelServer({});
    const file = new URL('../../../docs/connecting.md', import.meta.url);
    const text = connectingTable(SERVINGS);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(SERVINGS.length).toBeGreaterThanOrEqual(30);
  });
});
