import { describe, expect, it } from 'vitest';
import { isUnanswered, storyOf } from '../../../exporter/src/incidents/story.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { observation } from '../detection/rows.js';
import { evaluated } from './evaluated-case.js';

const failing = (reason: 'http_5xx' | 'connect', detail: string, count: number): readonly Observation[] =>
  Array.from({ length: count }, (_, i) =>
    observation({
      atMs: 1_800_000_000_000 + 1_000 * i,
      prediction: null,
      confidence: null,
      failure: { reason, detail, httpStatus: reason === 'http_5xx' ? 500 : null, retryAfterMs: null },
    }),
  );

describe('a server that answers each call with an error', () => {
  const { diagnosis, explanation, proposals } = evaluated({ rows: failing('http_5xx', 'the server answered 500', 60) });
  const told = JSON.stringify([explanation, diagnosis.causes[0], diagnosis.findings, proposals]);

  it('is named as what it is, and not as one that cannot be reached', () => {
    const [first] = diagnosis.causes;
    expect(first).toMatchObject({ id: 'endpoint-errors', title: 'Every call fails: the server answered 500' });
    expect(first?.probability).toBeGreaterThan(0.9);
    expect(explanation.headline).toContain('Every call fails: the server answered 500');
    expect(told).not.toMatch(/unreachable:|no call|was answered|time out|cannot be reached|name resolution/i);
    expect(diagnosis.causes.map(({ id }) => id)).not.toContain('model-unreachable');
  });

  it('is as bad as one that cannot be reached', () => {
    expect(diagnosis.severity).toBe('critical');
    expect(isUnanswered(diagnosis)).toBe(true);
    expect(proposals.map(({ action }) => action).slice(0, 3)).toEqual(
      expect.arrayContaining(['restart-endpoint', 'investigate']),
    );
    expect(proposals.map(({ action }) => action)).not.toContain('scale-out');
  });

  it('is another story than some calls that fail, and than no connection', () => {
    const some = failing('http_5xx', 'the server answered 500', 60).flatMap((row) => [
      row,
      observation({ atMs: row.atMs + 500 }),
    ]);
    const partly = evaluated({ rows: some }).diagnosis;
    expect(partly.causes[0]?.id).toBe('endpoint-errors');
    expect(isUnanswered(partly)).toBe(false);
    expect(storyOf(partly)).not.toBe(storyOf(diagnosis));
    const down = evaluated({ rows: failing('connect', 'connection refused', 60) }).diagnosis;
    expect(down.causes[0]).toMatchObject({ id: 'model-unreachable', title: 'Model unreachable: connection refused' });
    expect(down.findings[0]?.sentence).toMatch(/^None of the last 60 calls was answered/);
  });
});

it.each([
  ['the connection was refused: nothing listens there', 'nothing listens at its address'],
  ['the server closed the connection without an answer', 'the server closed the connection without an answer'],
  ['the server broke off in the middle of its answer', 'the server broke off in the middle of its answer'],
])('a connection is told by how it failed: %s', (detail, words) => {
  const [cause] = evaluated({ rows: failing('connect', detail, 60) }).diagnosis.causes;
  expect(cause?.title).toBe(`Model unreachable: ${words}`);
});
