import { expect, it } from 'vitest';
import { evaluated, failed, rowsOf } from '../rca/evaluated-case.js';

/** Calls failed and are answered again; what is answered since is late. */
const afterwards = (slower: number) => [
  ...Array.from({ length: 60 }, (_, i) => ({ ...failed('http_5xx', 500), atMs: i + 1 })),
  ...rowsOf('late', 340).map((row, i) => ({
    ...row,
    atMs: 61 + i,
    latencySeconds: (row.latencySeconds ?? 0) * slower,
  })),
];

it('what ended is no cause of what goes on', () => {
  const { backToNormal, findings, diagnosis } = evaluated({ rows: afterwards(8) });
  expect([...backToNormal]).toContain('errors');
  expect(findings.map(({ subject }) => subject)).toEqual(expect.arrayContaining(['errors', 'latency_seconds']));
  expect(diagnosis.causes.map(({ id }) => id)).toContain('slow-endpoint');
  expect(diagnosis.causes.map(({ id }) => id)).not.toContain('endpoint-errors');
  expect(diagnosis.findings.map(({ subject }) => subject)).not.toContain('errors');
});

it('where all is over it is told as what it was', () => {
  const { backToNormal, diagnosis } = evaluated({ rows: afterwards(1) });
  expect([...backToNormal]).toContain('errors');
  expect(diagnosis.causes[0]?.id).toBe('endpoint-errors');
});
