import { describe, expect, it } from 'vitest';
import { LabelHistory } from '../../../exporter/src/monitoring/label-history.js';
import { addLabels } from '../../../exporter/src/statistics/label-counts.js';
import { emptyWindow } from '../../../exporter/src/statistics/window-profile.js';
import type { LabelCounts, WindowProfile } from '../../../exporter/src/domain/profile.js';

const DAY_MS = 86_400_000;
const NOW_MS = 1_767_571_200_000;
const WINDOW_MS = 300_000;

/** Labels of answers given so long ago, as a history that is sent at once has them. */
function teachHistory(history: LabelHistory, count: number, labelAfterMs: number | null): void {
  for (let i = 0; i < count; i += 1) {
    const predictedAtMs = NOW_MS - 20 * DAY_MS + (i * 10 * DAY_MS) / count;
    const atMs = labelAfterMs === null ? NOW_MS : predictedAtMs + labelAfterMs;
    history.came({ atMs, predictedAtMs, answeredAtMs: NOW_MS - 5_000 }, NOW_MS);
  }
}
function teachLive(history: LabelHistory, count: number, afterMs: number): void {
  for (let i = 0; i < count; i += 1) {
    const predictedAtMs = NOW_MS + 1_000 * i;
    const atMs = predictedAtMs + afterMs;
    history.came({ atMs, predictedAtMs, answeredAtMs: predictedAtMs + 500 }, atMs);
  }
}

describe('how late labels come', () => {
  it('is not learnt from when a history is sent', () => {
    const history = new LabelHistory();
    teachHistory(history, 5_000, null);
    expect(history.ageMs).toBeLessThan(10_000);
  });

  it('is learnt from the times a history’s labels have themselves, until a few live ones show otherwise', () => {
    const history = new LabelHistory();
    teachHistory(history, 50_000, DAY_MS);
    expect(history.ageMs).toBeGreaterThanOrEqual(DAY_MS);
    expect(history.ageMs).toBeLessThan(1.25 * DAY_MS);
    teachLive(history, 600, 2_000);
    expect(history.ageMs).toBeLessThan(10_000);
  });

  it('is learnt from labels of live answers, however many a history brought within seconds', () => {
    const history = new LabelHistory();
    teachHistory(history, 50_000, null);
    teachLive(history, 20, DAY_MS);
    expect(history.ageMs).toBeGreaterThanOrEqual(DAY_MS);
    expect(new LabelHistory(history.learntDelays).ageMs).toBe(history.ageMs);
  });

  it('is nothing for labels that come in the row itself, live or in a history', () => {
    const history = new LabelHistory();
    for (const lagMs of [0, 30_000, 5 * DAY_MS])
      for (let i = 0; i < 100; i += 1) {
        const atMs = NOW_MS - lagMs;
        history.came({ atMs, predictedAtMs: atMs, answeredAtMs: NOW_MS }, NOW_MS);
      }
    expect(history.ageMs).toBe(0);
  });
});

describe('the labels a window is compared by', () => {
  const labels = (labelled: number): LabelCounts => ({ ...addLabels(), labelled, correct: labelled });
  const window = (labelled: number): WindowProfile => ({ ...emptyWindow(), calls: 200, labels: labels(labelled) });
  const late = new LabelHistory();
  teachLive(late, 100, DAY_MS);
  const comparedBy = (own: number, sharedBefore: number, older: LabelCounts & { ofAnswers: number }): LabelCounts =>
    late.labelled(window(own), WINDOW_MS, sharedBefore, () => older).labels;
  const none = { ...labels(0), ofAnswers: 0 };

  it('are its own where it has had as many as answers come to have, whatever was learnt of how late they come', () => {
    expect(comparedBy(200, 1, none)).toEqual(labels(200));
    expect(comparedBy(60, 0.3, none)).toEqual(labels(60));
    expect(comparedBy(100, 1, { ...labels(110), ofAnswers: 220 })).toEqual(labels(100));
  });

  it('are those of older answers where it has few of its own yet, and it is told that they are', () => {
    const older = { ...labels(190), ofAnswers: 200 };
    expect(comparedBy(20, 1, older)).toEqual({ ...older, dueAfterMs: late.ageMs });
    expect(comparedBy(20, 1, none)).toEqual({ ...none, dueAfterMs: late.ageMs });
  });
});
