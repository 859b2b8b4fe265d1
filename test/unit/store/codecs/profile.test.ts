import { expect, it } from 'vitest';
import { baselineCodec, learningCodec, windowCodec } from '../../../../exporter/src/store/codecs/profile.js';

const tenths = (): number[] => new Array<number>(10).fill(0);
const CONFIDENCE = [
  'confidence',
  { kind: 'numeric', entries: [[3, 7]], rest: { grid: { kind: 'unit' }, missing: 1, invalid: 0 } },
];

/** A window as it is stored. */
const stored = (
  over: object = {},
  labels: object = {},
  signals: readonly unknown[] = [CONFIDENCE],
  groups: readonly unknown[] = [],
): string =>
  JSON.stringify({
    signals,
    groups,
    rest: {
      fromMs: 0,
      toMs: 1,
      calls: 8,
      failures: { timeout: 1 },
      labels: { labelled: 2, correct: 1, labelledByConfidence: tenths(), correctByConfidence: tenths(), ...labels },
      ...over,
    },
  });

it('reads a window as it was written', () => {
  const window = windowCodec.decode(stored());
  expect(window).toMatchObject({ calls: 8, labels: { labelled: 2 } });
  expect(windowCodec.decode(windowCodec.encode(window))).toEqual(window);
});

it.each([
  ['calls that are no count', 'rest.calls', stored({ calls: -3 })],
  ['half a call', 'rest.calls', stored({ calls: 3.5 })],
  ['failures below none', 'rest.failures.timeout', stored({ failures: { timeout: -1 } })],
  ['labels below none', 'rest.labels.labelled', stored({}, { labelled: -1 })],
  ['tenths that are not ten', 'labelledByConfidence', stored({}, { labelledByConfidence: [1] })],
  ['a group that is none', 'groups.0.0', stored({}, {}, [CONFIDENCE], [['[["city","=a"', [1, 0, 0, 0, 0, 0]]])],
  ['a group of numbers', 'groups.0.0', stored({}, {}, [CONFIDENCE], [['[["city",1]]', [1, 0, 0, 0, 0, 0]]])],
  ['a signal twice', 'signals', stored({}, {}, [CONFIDENCE, CONFIDENCE])],
])('refuses %s, and names %s', (_, field, text) => {
  expect(() => windowCodec.decode(text)).toThrow(field);
});

it('reads what a learning period holds of rows that nobody judged, and the baseline it became', () => {
  const profile = windowCodec.decode(stored());
  const learning = {
    nextVersion: 1,
    profile,
    firstHalf: null,
    golden: [],
    verdict: { kind: 'admitted', atMs: 5 },
    unjudged: [{ counts: profile, cameUntilMs: 4 }],
  } as const;
  expect(learningCodec.decode(learningCodec.encode(learning))).toEqual(learning);
  const { unjudged, ...judged } = learning;
  expect(learningCodec.decode(learningCodec.encode(judged))).toEqual(judged);
  const baseline = { version: 1, frozen: false, admittedAtMs: 5, profile, golden: [], bins: new Map(), unjudged };
  expect(baselineCodec.decode(baselineCodec.encode(baseline), { version: 1 })).toEqual(baseline);
});
