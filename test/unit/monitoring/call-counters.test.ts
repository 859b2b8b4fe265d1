import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import {
  answeredVersion,
  callCountersCodec,
  countCall,
  lastHeardAtMs,
  NO_CALLS,
  withArrival,
  withDeclaredVersion,
} from '../../../exporter/src/monitoring/call-counters.js';

const row = (atMs: number, modelVersion: string | null = null): Observation => ({
  atMs,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features: null,
  prediction: 'yes',
  confidence: 0.9,
  latencySeconds: null,
  failure: null,
  label: null,
  modelVersion,
});

it('takes no time back for a row that comes late, in whatever order rows come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1e12 }), { minLength: 1 }), (times) => {
      const counters = times.map((atMs) => row(atMs)).reduce(countCall, NO_CALLS);
      const newest = Math.max(...times);
      expect(counters).toMatchObject({ lastPredictionAtMs: newest, lastAnswerAtMs: newest, calls: times.length });
    }),
  );
});

it('sees a release once, although answers of the version before still come', () => {
  const counters = [row(1, 'a'), row(3, 'b'), row(2, 'a'), row(4, 'b')].reduce(countCall, NO_CALLS);
  expect(counters.lastVersion).toBe('b');
  expect(counters.changes.map(({ atMs }) => atMs)).toEqual([3]);
});

it('hears of a model when rows come, not at the time the rows have', () => {
  const counters = withArrival(countCall(NO_CALLS, row(1_000)), 90_000);
  expect(lastHeardAtMs(counters)).toBe(90_000);
  expect(lastHeardAtMs(withArrival(counters, 60_000))).toBe(60_000);
});

it('goes by the time of the newest prediction where a release before stored no arrival', () => {
  const stored = { ...NO_CALLS, lastPredictionAtMs: 5_000, lastArrivalAtMs: undefined };
  expect(lastHeardAtMs(callCountersCodec.decode(JSON.stringify(stored)))).toBe(5_000);
  expect(lastHeardAtMs(NO_CALLS)).toBeNull();
});

const named = (version: string | null, count: number, fromMs: number) =>
  Array.from({ length: count }, (_, i) => row(fromMs + i * 1_000, version));

it('takes the version in service from the answers, over a restart too, whatever is declared', () => {
  const before = [...named('v1', 20, 1_000), ...named('v2', 20, 21_000)].reduce(countCall, NO_CALLS);
  const restored = callCountersCodec.decode(callCountersCodec.encode(before));
  expect(answeredVersion(restored)).toBe('v2');
  expect(answeredVersion(withDeclaredVersion(restored, 'v2', 'v3'))).toBe('v2');
});

it('goes on from the version that a release before stored', () => {
  const stored = { ...NO_CALLS, lastVersion: 'v1', lastAnswerAtMs: 500 };
  const { changes, ...counters } = named('v2', 20, 1_000).reduce(
    countCall,
    callCountersCodec.decode(JSON.stringify(stored)),
  );
  expect(answeredVersion({ ...counters, changes })).toBe('v2');
  expect(changes.map(({ text }) => text)).toEqual(["The answers' model version changed from v1 to v2."]);
});

it('leaves it to what is declared once answers name no version any more', () => {
  const counters = [...named('v1', 20, 1_000), ...named(null, 90, 21_000)].reduce(countCall, NO_CALLS);
  expect(answeredVersion(counters)).toBeNull();
});

it('sees no release in an answer that names the declared version its own way', () => {
  const declared = withDeclaredVersion(NO_CALLS, 'one', 'two');
  const { changes, versions } = countCall(declared, row(1, '2.0.1'));
  expect(changes).toEqual([]);
  expect(versions?.served).toEqual(['one', '2.0.1']);
});

it('keeps when calls began to be answered again', () => {
  const failing: Observation = {
    ...row(2),
    failure: { reason: 'connect', detail: '', httpStatus: null, retryAfterMs: null },
  };
  const counters = [row(1), failing, row(3), row(4)].reduce(countCall, NO_CALLS);
  expect(counters.answersSinceMs).toBe(3);
});
