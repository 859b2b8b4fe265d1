import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { importAddresses } from '../../../exporter/src/cli/import-addresses.js';

const JANUARY = 'https://files.example.org/january.csv';

/** What the command says and asks while January is imported as a baseline. */
async function whileJanuaryRuns(url: string, as: 'baseline' | 'history') {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.method ?? '');
    const fetched = {
      ...{ state: asked.length < 3 ? 'running' : 'finished', as: 'baseline', files: [JANUARY], rows: 5, repeated: 0 },
      ...{ refused: 0, share: 0.5, problem: null, errors: [], notes: [], started_at_ms: 1, outcome: null },
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ under_way: true, fetched }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('MLFI_TOKEN', 'key');
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { port } = server.address() as AddressInfo;
  const options = { url: `http://127.0.0.1:${port}`, model: 'm', as, yes: true };
  const code = await importAddresses([url], { model: 'm', as, map: null, spread: null }, options);
  const words = said.mock.calls.flat().join('\n');
  said.mockRestore();
  vi.unstubAllEnvs();
  server.close();
  return { code, words, asked };
}

it('follows the import of the same files alone', async () => {
  expect(await whileJanuaryRuns(JANUARY, 'baseline')).toMatchObject({ code: 0 });
  for (const [url, as] of [
    ['https://files.example.org/february.csv', 'baseline'],
    [JANUARY, 'history'],
  ] as const) {
    const { code, words, asked } = await whileJanuaryRuns(url, as);
    expect([code, asked]).toEqual([1, ['GET']]);
    expect(words).toContain(`other files of "m" are being imported (as baseline: ${JANUARY})`);
  }
});
