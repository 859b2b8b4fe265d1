import { expect, test } from 'vitest';
import type { Observation } from '../../../../exporter/src/domain/observation.js';
import { changedSegments } from '../../../../exporter/src/rca/segments/changed-segments.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const COUNTRIES = ['DE', 'FR', 'IT', 'ES'];

function traffic(
  rows: number,
  seed: number,
  confidenceOf: (row: { country: string; plan: string; age: number }, noise: number) => number,
): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, (_, i): Observation => {
    const country = COUNTRIES[Math.floor(4 * random.next())] ?? 'DE';
    const plan = random.next() < 0.5 ? 'free' : 'paid';
    const age = 20 + 60 * random.next();
    return {
      atMs: i,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: { country, plan, age },
      prediction: 'yes',
      confidence: confidenceOf({ country, plan, age }, 0.2 * (random.next() - 0.5)),
      latencySeconds: null,
      failure: null,
      label: null,
      modelVersion: null,
    };
  });
}

// Italy is always less certain: a segment with a high error that did not change must not be named.
const usual = ({ country }: { country: string }, noise: number): number => (country === 'IT' ? 0.6 : 0.8) + noise;

test('names the one segment that changed, confirmed on rows the search did not see', () => {
  const now = traffic(
    2_000,
    2,
    (row, noise) => usual(row, noise) - (row.country === 'DE' && row.plan === 'paid' ? 0.3 : 0),
  );
  const [first, ...others] = changedSegments(now, traffic(2_000, 1, usual));
  expect(first).toMatchObject({ measure: 'confidence', confirmed: true, method: 'slice-line' });
  expect(new Set(first?.predicates)).toEqual(
    new Set([
      { feature: 'country', kind: 'equals', value: 'DE' },
      { feature: 'plan', kind: 'equals', value: 'paid' },
    ]),
  );
  expect(first?.contribution).toBeGreaterThan(0.8);
  expect((first?.before ?? 0) - (first?.now ?? 0)).toBeCloseTo(0.3, 1);
  expect(others).toEqual([]);
});

test('tells the whole group when the whole group changed, not a corner of it', () => {
  const now = traffic(2_000, 4, (row, noise) => usual(row, noise) - (row.country === 'FR' ? 0.25 : 0));
  expect(changedSegments(now, traffic(2_000, 3, usual)).map(({ predicate }) => predicate)).toEqual(['country = FR']);
});

test('finds failures that hit one segment', () => {
  const failure = { reason: 'http_5xx', detail: 'HTTP 503', httpStatus: 503, retryAfterMs: null } as const;
  const now = traffic(1_000, 6, usual).map((row, i) =>
    row.features?.['country'] === 'ES' && i % 2 === 0 ? { ...row, failure, confidence: null, prediction: null } : row,
  );
  expect(changedSegments(now, traffic(1_000, 5, usual))[0]).toMatchObject({
    predicate: 'country = ES',
    measure: 'errors',
    before: 0,
  });
});

test('names nothing when nothing changed or all changed alike: at most 2 of 100 windows', () => {
  let named = 0;
  for (let seed = 0; seed < 100; seed += 1) {
    const fall = seed % 2 === 0 ? 0 : 0.2;
    const now = traffic(400, 1_000 + seed, (row, noise) => usual(row, noise) - fall);
    named += Number(changedSegments(now, traffic(400, 2_000 + seed, usual)).length > 0);
  }
  expect(named).toBeLessThanOrEqual(2);
});

test('never names a value seen fewer than ten times', () => {
  const person = (rows: Observation[]): Observation[] =>
    rows.map((row, i) => ({ ...row, features: { ...row.features, name: `person ${i}` } }));
  const now = traffic(400, 8, (row, noise) => usual(row, noise) - (row.country === 'DE' ? 0.4 : 0));
  const text = JSON.stringify(changedSegments(person(now), person(traffic(400, 7, usual))));
  expect(text).toContain('country = DE');
  expect(text).not.toContain('person ');
});

test('names no group of nearly all calls because the few others were spared by chance', () => {
  const evenly = (rows: number, seed: number, share: number): Observation[] => {
    const random = seededRandom(`evenly ${seed}`);
    const failure = { reason: 'http_5xx', detail: '', httpStatus: 500, retryAfterMs: null } as const;
    return traffic(rows, seed, usual).map((row) => ({
      ...row,
      features: { ending: random.next() < 0.05 ? 'none' : 'full stop' },
      ...(random.next() < share ? { failure, prediction: null, confidence: null } : {}),
    }));
  };
  const before = evenly(1_200, 1_000, 0);
  const named = Array.from({ length: 400 }, (_, i) =>
    changedSegments(evenly(200, i, 0.3), before).some(({ measure }) => measure === 'errors'),
  );
  expect(named.filter(Boolean).length).toBeLessThanOrEqual(4);
});
