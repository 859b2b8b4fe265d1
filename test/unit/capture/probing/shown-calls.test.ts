import { expect, it } from 'vitest';
import { shownCalls } from '../../../../exporter/src/capture/probing/shown-calls.js';
import type { HttpCall } from '../../../../exporter/src/domain/ports.js';

const CALL: HttpCall = {
  method: 'POST',
  url: 'https://ada:pa55word@models.example.com/predict?api_key=k3y-value&v=2#top',
  headers: { authorization: 'Bearer t0ken-value' },
  body: '{"text":"Good morning"}',
  timeoutMs: 1_000,
  maxResponseBytes: 1_000,
};

async function shown(call: Partial<HttpCall>, body: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const http = shownCalls(
    { call: () => Promise.resolve({ kind: 'answer', status: 401, headers: {}, body, latencySeconds: 0.0123 }) },
    ['Bearer t0ken-value', 'k3y-value', 'a"b\\c'],
    (line) => lines.push(line),
  );
  await http.call({ ...CALL, ...call });
  return lines;
}

it('shows what is sent and what comes back, and no secret of either', async () => {
  expect(await shown({}, '{"error":"invalid key k3y-value or t0ken-value"}')).toEqual([
    '1 → POST https://models.example.com/predict?api_key=…&v=… {"text":"Good morning"}',
    '1 ← 401 in 0.012 s {"error":"invalid key [secret] or [secret]"}',
  ]);
  expect((await shown({ body: null, bytes: new Uint8Array(7) }, JSON.stringify({ key: 'a"b\\c' }))).join('\n')).toBe(
    '1 → POST https://models.example.com/predict?api_key=…&v=… (7 bytes, of no said type)\n1 ← 401 in 0.012 s {"key":"[secret]"}',
  );
});

it('cuts bodies, and lets none of them write on the terminal', async () => {
  const [, answer = ''] = await shown({}, `\u001b[2J\u202e${'x'.repeat(5_000)}`);
  expect(answer.length).toBeLessThan(360);
  expect(answer).toMatch(/… \(5\d\d\d characters\)$/);
  expect(/[\u0000-\u001f\u202e]/.test(answer)).toBe(false);
});
