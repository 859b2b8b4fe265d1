import { expect, it } from 'vitest';
import { emptySpots } from '../../../exporter/src/monitoring/model-status.js';
import { observation, profileOf } from '../detection/rows.js';

const told = (empty: number): readonly string[] =>
  emptySpots(
    profileOf(Array.from({ length: 100 }, (_, i) => observation({ prediction: i < empty ? null : 'yes' }))),
  ).map(({ reason }) => reason);

it('tells the share of responses without a prediction, and no single one', () => {
  expect(told(30)).toEqual([expect.stringMatching(/^30(\.0)? % of 100 hold none/)]);
  expect(told(2)).toEqual([]);
});

it('counts no failed call among them', () => {
  const failure = { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } as const;
  const rows = Array.from({ length: 50 }, () => observation({ prediction: null, confidence: null, failure }));
  expect(emptySpots(profileOf(rows))).toEqual([]);
});
