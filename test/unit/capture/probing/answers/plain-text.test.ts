import { describe, expect, it } from 'vitest';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';

const answered = (body: string, type: string) =>
  modelAnswer({ kind: 'answer', status: 200, headers: { 'content-type': type }, body, latencySeconds: 0.1 });

describe('an answer that is no JSON', () => {
  it.each<[body: string, type: string, prediction: string | number, confidence: number | null]>([
    ['spam', 'text/plain', 'spam', null],
    ['\uFEFFspam\n', 'text/plain; charset=utf-8', 'spam', null],
    ['Iris-setosa', 'text/html; charset=utf-8', 'Iris-setosa', null],
    ['not spam', 'text/plain', 'not spam', null],
    ['bad', 'text/plain', 'bad', null],
    ['home loan', 'text/plain', 'home loan', null],
    ['__label__a 0.93\n', 'text/plain', '__label__a', 0.93],
    ['spam (93%)', 'text/plain', 'spam', 0.93],
    ['spam: 0.93', 'text/plain', 'spam', 0.93],
    ['0.1,0.9', 'text/plain', 1, 0.9],
    ['0.1 0.9\n', 'text/plain', 1, 0.9],
    ['spam,0.93', 'text/csv', 'spam', 0.93],
    ['label,score\nspam,0.93\n', 'text/csv', 'spam', 0.93],
    ['0.1,0.9\n0.8,0.2\n', 'text/csv', 1, 0.9],
    ['"positive"', 'text/plain', 'positive', null],
    ['{"label": "a", "score": 0.9}', 'text/plain', 'a', 0.9],
    ['{"label": "a", "score": 0.9}\n{"label": "b", "score": 0.8}\n', 'application/jsonlines', 'a', 0.9],
  ])('%j as %s', (body, type, prediction, confidence) => {
    expect(answered(body, type)).toMatchObject({ kind: 'answer', prediction, confidence });
  });

  it.each<[body: string, type: string]>([
    ['<html><body>spam</body></html>', 'text/html'],
    ['<p>spam</p>', 'text/html'],
    ['spam</b>', 'text/plain'],
    ['Welcome to our service', 'text/plain'],
    ['The answer is that this looks like spam.', 'text/plain'],
    ['This is fine.', 'text/plain'],
    ['OK', 'text/plain'],
    ['Model not loaded', 'text/plain'],
    ['request received', 'text/plain'],
    ['error: model is down', 'text/plain'],
    ['MODEL_NOT_READY', 'text/plain'],
    ['7f3c2b8c1e5d474a', 'text/plain'],
    ['job 20260101', 'text/plain'],
    ['{"label": "a"', 'text/plain'],
    ['spam', 'application/json'],
    ['spam', 'application/octet-stream'],
    ...[
      'Not implemented|Coming soon|Login|Log in|Sign in|Home|Gateway Timeout|No Content|Rate limited|Blocked|moved',
      'Moved Permanently|nginx|nginx/1.25.3|Dashboard|GET|POST|127.0.0.1|10.0.0.1:8080|localhost:80|2026-11-30|12:30',
      'Bad Gateway',
    ].flatMap((texts) => texts.split('|').map((text): [string, string] => [text, 'text/plain'])),
    ['first line\nsecond line', 'text/plain'],
    ['', 'text/plain'],
    [`${' '.repeat(200_000)},`.repeat(3), 'text/plain'],
    [`a${' 0'.repeat(200_000)}`, 'text/plain'],
  ])('%j as %s is none', (body, type) => {
    expect(answered(body, type)).toMatchObject({ kind: 'failure', failure: { reason: 'not_json' } });
  });

  it('is whatever it is where the operator says that the whole of it is the prediction', () => {
    const http = {
      kind: 'answer',
      status: 200,
      headers: { 'content-type': 'text/plain' },
      latencySeconds: 0.1,
    } as const;
    const read = (body: string) => modelAnswer({ ...http, body }, undefined, { prediction: '' });
    expect(read('healthy\n')).toMatchObject({ kind: 'answer', prediction: 'healthy' });
    expect(read('<html>healthy</html>')).toMatchObject({ kind: 'failure' });
  });
});
