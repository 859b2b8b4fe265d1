import { expect, it } from 'vitest';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import { isHtml, serverWords } from '../../../../../exporter/src/capture/probing/answers/server-words.js';
import { hidingSecrets } from '../../../../../exporter/src/capture/probing/hidden-secrets.js';
import { gradio } from '../../../../../exporter/src/capture/probing/connectors/gradio.js';
import { payloadsFromRefusal } from '../../../../../exporter/src/capture/probing/payloads/mlflow-signature.js';

const MANY = 100_000;
/** What a pattern that looks at each byte once takes of a megabyte is some 10 ms; others take minutes, or for ever. */
const LONGEST_MS = 1_000;

async function timed(work: () => unknown): Promise<number> {
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}

const BODIES: readonly (readonly [string, string])[] = [
  ['28 comments', `${'<!--a-->'.repeat(28)}x`],
  ['a sixth of the titles', `<html>${'<title'.repeat(MANY / 6)}`],
  ['comments', `${'<!--a-->'.repeat(MANY)}x`],
  ['comments before a page', `${'<!--a-->\n'.repeat(MANY)}<html>`],
  ['comments that do not end', '<!--'.repeat(MANY)],
  ['titles', `<html>${'<title'.repeat(MANY)}`],
  ['titles that do not end', `<html>${'<title>a'.repeat(MANY)}`],
  ['white space', `${' \n'.repeat(MANY)}x`],
  ['braces', '{}'.repeat(MANY)],
  ['lines of braces', '{\n'.repeat(MANY)],
  ['events', 'data: {\n'.repeat(MANY)],
  ['numbers', '1 '.repeat(MANY)],
  ['per cents', `1${'\u00a0'.repeat(MANY)}`],
  ['quotes', '"'.repeat(MANY)],
  ['a long message', JSON.stringify({ error: '\u0000 '.repeat(MANY) })],
  ['a deep list', `${'['.repeat(MANY)}${']'.repeat(MANY)}`],
];

it.each(BODIES)('reads an answer of a megabyte at once: %s', async (_, body) => {
  const took = await timed(() => {
    isHtml(body);
    serverWords(body);
    for (const status of [200, 404])
      for (const type of ['application/json', 'text/plain', 'text/csv', 'text/event-stream', 'application/jsonlines'])
        modelAnswer({ kind: 'answer', status, headers: { 'content-type': type }, body, latencySeconds: 0.1 });
  });
  expect(took).toBeLessThan(LONGEST_MS);
});

/** 80,000 fields are a megabyte. */
const fields = (value: unknown): Json =>
  Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`k${i}`, value])) as Json;
const WIDE: readonly (readonly [string, Json])[] = [
  ['numbers', fields(1)],
  ['shares', fields(1 / 80_000)],
  ['texts', fields('a')],
  ['flags beside a probability', { probability: 0.9, ...(fields(true) as object) }],
  ['numbers beside a confidence', { confidence: 0.9, ...(fields(1) as object) }],
  ['numbers in a result', { result: fields(1) }],
];

it.each(WIDE)('does not read on through 80,000 fields: %s', async (_, body) => {
  const answer = { kind: 'answer', status: 200, headers: {}, body: JSON.stringify(body), latencySeconds: 0.1 } as const;
  const times = [];
  for (let i = 0; i < 3; i += 1) times.push(await timed(() => modelAnswer(answer)));
  expect(Math.min(...times)).toBeLessThan(0.6 * LONGEST_MS);
});

it('reads a share for each of ten thousand classes', () => {
  const shares = Object.fromEntries(Array.from({ length: 9_999 }, (_, i) => [`c${i}`, i === 7 ? 1 : 0]));
  const body = JSON.stringify(shares);
  const answer = modelAnswer({ kind: 'answer', status: 200, headers: {}, body, latencySeconds: 0.1 });
  expect(answer).toMatchObject({ kind: 'answer', prediction: 'c7', confidence: 1 });
});

it('knows a page behind comments, and its title', () => {
  const page = '<!-- licence -->\n<!-- -- > -->\n<!DOCTYPE html><title lang="en">Sign in</title>';
  expect(isHtml(page)).toBe(true);
  expect(serverWords(page)).toBe('Sign in');
  expect(isHtml('<!-- <html> ')).toBe(false);
});

it.each([
  ['beginnings of a schema', "with schema '[".repeat(MANY / 5)],
  ['quotes', `with schema '[${"'a".repeat(MANY)}]'`],
  ['braces', `with schema '[${'{a: '.repeat(MANY)}]'`],
])('reads a refusal of MLflow at once: %s', async (_, message) => {
  const body = JSON.stringify({ message });
  expect(await timed(() => payloadsFromRefusal(body))).toBeLessThan(LONGEST_MS);
});

it('reads the choices of a Gradio app at once', async () => {
  const type = `Literal['a', 'b\\'c', ${"'\\".repeat(MANY)}]`;
  const info = { named_endpoints: { '/predict': { parameters: [{ python_type: { type } }] } } };
  const context = {
    http: {
      call: () =>
        Promise.resolve({
          kind: 'answer',
          status: 200,
          headers: {},
          body: JSON.stringify(info),
          latencySeconds: 0.1,
        } as const),
    },
    clock: { sleep: () => Promise.resolve() },
    timeoutMs: 1_000,
    authorizationOf: () => null,
  };
  const took = await timed(async () => {
    const [candidate] = await gradio.describe(context, new URL('http://models.example/'), null);
    expect(candidate?.payloads.slice(0, 2)).toEqual([{ data: ['a'] }, { data: ["b\\'c"] }]);
  });
  expect(took).toBeLessThan(LONGEST_MS);
});

it.each(['\\', 't0ken', '%25', '\\u00', '{"label":"a"}'])('hides secrets in a megabyte of %s at once', async (part) => {
  const hide = hidingSecrets([
    'Bearer t0ken-value',
    'sek\\ret-Ab/c+"9Z',
    `Basic ${Buffer.from('joe:hunter22').toString('base64')}`,
  ]);
  expect(await timed(() => hide(part.repeat(1_000_000 / part.length)))).toBeLessThan(2 * LONGEST_MS);
});
