import { describe, expect, it } from 'vitest';
import { backToNormal } from '../../../exporter/src/evaluation/back-to-normal.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';
import type { FailureReason, Observation } from '../../../exporter/src/domain/observation.js';
import { baselineOf, observation } from '../detection/rows.js';

const failed = (reason: FailureReason): Observation =>
  observation({
    prediction: null,
    confidence: null,
    failure: { reason, detail: '', httpStatus: null, retryAfterMs: null },
  });
const isOver = (rows: readonly Observation[]): boolean =>
  backToNormal(
    {
      baseline: null,
      rows,
      evidence: null,
      window: { failures: {}, calls: rows.length },
      lastHeardAtMs: null,
      lastProbeFailureAtMs: null,
      probesAnsweredMs: [],
    } as unknown as MonitoredModelState,
    ['errors'],
  ).has('errors');
const answered = (count: number): readonly Observation[] => Array.from({ length: count }, () => observation({}));
const failing = (count: number): readonly Observation[] => Array.from({ length: count }, () => failed('credentials'));
/** One call of so many fails. */
const mixed = (count: number, every: number): readonly Observation[] =>
  Array.from({ length: count }, (_, i) => (i % every === 0 ? failed('http_5xx') : observation({})));
/** So many calls fail, and so many are answered, again and again. */
const bursts = (times: number, calls: number, answers: number): readonly Observation[] =>
  Array.from({ length: times }, () => [...failing(calls), ...answered(answers)]).flat();

it('a short outage is over by the answers since, however many rows of before there are to compare with', () => {
  const quiet = Array.from({ length: 500 }, () => observation({}));
  const state = {
    baseline: baselineOf(quiet),
    rows: [...answered(100), ...failing(24), ...answered(300)],
    evidence: null,
    window: { failures: {}, calls: 424 },
    lastHeardAtMs: null,
    lastProbeFailureAtMs: null,
    probesAnsweredMs: [],
  } as unknown as MonitoredModelState;
  expect([...backToNormal(state, ['errors'])]).toEqual(['errors']);
});

describe('calls that failed before there is a baseline', () => {
  it.each<[string, readonly Observation[], boolean]>([
    ['an outage, and twenty answers since', [...answered(13), ...failing(14), ...answered(20)], true],
    ['fewer answers since', [...answered(13), ...failing(14), ...answered(19)], false],
    ['every sixth call, and as many as show that it is over', [...mixed(120, 6), ...answered(30)], true],
    ['every sixth call, and a run as may come by chance', [...mixed(120, 6), ...answered(15)], false],
    ['every twentieth call, still', mixed(400, 20), false],
    ['ten calls of a hundred and ten, still', bursts(3, 10, 100), false],
    ['five calls of forty, still', bursts(10, 5, 35), false],
    ['five calls of forty, and twice as many answers', [...bursts(10, 5, 35), ...answered(35)], true],
    ['a lone call before an outage', [...failing(1), ...answered(12), ...failing(14), ...answered(24)], true],
    ['the newest call', [...failing(14), ...answered(60), ...failing(1)], false],
    ['none', answered(60), false],
  ])('%s', (_, rows, over) => {
    expect(isOver(rows)).toBe(over);
  });
});
