import { describe, expect, it } from 'vitest';
import {
  changesFromAnnotations,
  changesFromInfo,
  changesFromTimestamps,
  type ChangeQuery,
  type RangeSeries,
} from '../../../../exporter/src/integrations/prometheus/change-queries.js';

const info: ChangeQuery = {
  name: 'image',
  kind: 'deployment',
  type: 'info',
  expr: 'model_image_info',
  modelLabel: 'model',
  valueLabel: 'version',
};
const times: ChangeQuery = { ...info, name: 'started', type: 'timestamp', valueLabel: null };

/** Series of one version that is there at the steps given, in seconds. */
const there = (model: string, version: string, ...seconds: number[]): RangeSeries => ({
  labels: { model, version, instance: 'a' },
  points: seconds.map((second) => ({ atMs: second * 1_000, value: 1 })),
});

describe('changes told by an info query', () => {
  it('are values that were not there at the step before', () => {
    const found = changesFromInfo(info, [there('fraud', '1', 0, 15, 30), there('fraud', '2', 45, 60)]);
    expect(found).toEqual([
      {
        model: 'fraud',
        change: { atMs: 45_000, kind: 'deployment', text: 'version changed from "1" to "2" (image)' },
      },
    ]);
  });

  it('are not what is there from the start, nor what vanishes', () => {
    expect(changesFromInfo(info, [there('fraud', '1', 0, 15), there('fraud', '2', 0)])).toEqual([]);
  });

  it('are told once in a rolling deployment, when the new value appears', () => {
    const found = changesFromInfo(info, [there('fraud', '1', 0, 15, 30, 45), there('fraud', '2', 15, 30, 45, 60)]);
    expect(found.map(({ change }) => change.atMs)).toEqual([15_000]);
  });

  it('are not made by a gap in the series', () => {
    expect(changesFromInfo(info, [there('fraud', '1', 0, 15, 120, 135)])).toEqual([]);
    const [found] = changesFromInfo(info, [there('fraud', '1', 0), there('fraud', '2', 120)]);
    expect(found?.change).toMatchObject({ atMs: 120_000, text: 'version changed from "1" to "2" (image)' });
  });

  it('see the way back, too', () => {
    const found = changesFromInfo(info, [there('fraud', '1', 0, 30), there('fraud', '2', 15)]);
    expect(found.map(({ change }) => change.text)).toEqual([
      'version changed from "1" to "2" (image)',
      'version changed from "2" to "1" (image)',
    ]);
  });

  it('keep models apart, and pass over series without model or value', () => {
    const found = changesFromInfo(info, [
      there('fraud', '1', 0, 15),
      there('churn', '9', 15),
      { labels: { version: '3' }, points: [{ atMs: 15_000, value: 1 }] },
      there('fraud', '', 15),
    ]);
    expect(found).toEqual([]);
  });

  it('hold other people’s text in bounds', () => {
    const [found] = changesFromInfo(info, [there('fraud', '1', 0), there('fraud', `a\n\u0007${'b'.repeat(500)}`, 15)]);
    expect(found?.change.text.length).toBeLessThan(150);
    expect(found?.change.text).not.toMatch(/\p{Cc}/u);
  });
});

describe('changes told by a timestamp query', () => {
  const at = (...seconds: number[]): RangeSeries => ({
    labels: { model: 'fraud' },
    points: seconds.map((value, index) => ({ atMs: 1_000_000 + index, value })),
  });

  it('are values inside the time looked at, each once', () => {
    const found = changesFromTimestamps(times, [at(900, 900, 2_000)], 1_000_000, 3_000_000);
    expect(found.map(({ change }) => change)).toEqual([
      { atMs: 2_000_000, kind: 'deployment', text: 'started tells of a change' },
    ]);
  });

  it('are one when replicas follow each other within a minute', () => {
    const found = changesFromTimestamps(times, [at(2_000), at(2_030), at(2_080), at(2_500)], 0, 3_000_000);
    expect(found.map(({ change }) => change.atMs)).toEqual([2_000_000, 2_500_000]);
  });

  it('are not made of what is no number', () => {
    expect(changesFromTimestamps(times, [at(NaN, Infinity)], 0, 3_000_000)).toEqual([]);
  });
});

describe('changes told by annotations', () => {
  const source = { kind: 'deployment', tags: ['deployment'], modelTag: 'model', everyModel: false } as const;
  const marked = (text: string, ...tags: string[]) => ({ timeMs: 5_000, text, tags: ['deployment', ...tags] });

  it('are about the models they name, without markup', () => {
    const found = changesFromAnnotations(
      source,
      [marked('<b>Release</b>\n1.4', 'model:fraud', 'model:churn')],
      ['fraud', 'churn', 'other'],
    );
    expect(found).toEqual(
      ['fraud', 'churn'].map((model) => ({
        model,
        change: { atMs: 5_000, kind: 'deployment', text: 'Release 1.4' },
      })),
    );
  });

  it('are about every model only where that is configured', () => {
    expect(changesFromAnnotations(source, [marked('x')], ['fraud'])).toEqual([]);
    expect(changesFromAnnotations({ ...source, everyModel: true }, [marked('x')], ['fraud', 'churn'])).toHaveLength(2);
  });

  it('are never those of mlfi itself', () => {
    expect(changesFromAnnotations(source, [marked('x', 'mlfi', 'model:fraud')], ['fraud'])).toEqual([]);
  });
});
