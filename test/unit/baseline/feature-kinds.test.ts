import { describe, expect, it } from 'vitest';
import { FeatureKinds, featureReadingsCodec, readingOf } from '../../../exporter/src/baseline/feature-kinds.js';
import type { FeatureForm, FeatureKind } from '../../../exporter/src/domain/feature-kind.js';
import type { Features, FeatureValue, Observation } from '../../../exporter/src/domain/observation.js';
import { absentIn } from '../../../exporter/src/domain/profile.js';
import { createWindowBuilder } from '../../../exporter/src/statistics/window-profile.js';

type Value = Exclude<FeatureValue, null>;

const rowOf = (features: Features): Observation => ({
  atMs: 1,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features,
  prediction: 'a',
  confidence: null,
  latencySeconds: null,
  failure: null,
  label: null,
  modelVersion: null,
});
const many = (make: (i: number) => Value, count = 200): Value[] => Array.from({ length: count }, (_, i) => make(i));
const word = (i: number): string => ['fine', 'bad', 'ok'][i % 3] ?? 'ok';
const day = (i: number): string => new Date(Date.UTC(2025, 0, 1 + i)).toISOString().slice(0, 10);

describe('the kind of a feature', () => {
  it.each<readonly [string, FeatureKind, readonly FeatureForm[], (i: number) => Value]>([
    ['numbers', 'number', ['number'], (i) => (i * 7919) % 1_000],
    ['numbers as text', 'number', ['text'], (i) => ((i * 7919) % 1_000).toFixed(2)],
    [
      'numbers, half of them as text',
      'number',
      ['number', 'text'],
      (i) => (i % 2 === 0 ? (i * 31) % 97 : String((i * 31) % 97)),
    ],
    ['numbers with a word among them', 'number', ['number'], (i) => (i % 5 === 0 ? 'unknown' : (i * 31) % 97)],
    ['true and false', 'boolean', ['boolean'], (i) => i % 3 === 0],
    ['True and False', 'boolean', ['text'], (i) => (i % 3 === 0 ? 'True' : 'False')],
    ['yes, no and 1', 'boolean', ['number', 'text'], (i) => (i % 3 === 0 ? 'yes' : i % 3 === 1 ? 'No' : 1)],
    ['0 and 1', 'number', ['number'], (i) => (i * 7) % 2],
    ['words', 'category', ['text'], word],
    ['postcodes', 'category', ['text'], (i) => `0${1000 + (i % 40)}`],
    [
      'postcodes of a table, where some begin with zero',
      'category',
      ['number', 'text'],
      (i) => (i % 2 === 0 ? `0${1000 + (i % 40)}` : 20_000 + (i % 40)),
    ],
    ['dates', 'date', ['text'], day],
    ['times', 'date', ['text'], (i) => new Date(Date.UTC(2025, 0, 1) + i * 1e7).toISOString()],
    ['dates as people write them', 'date', ['text'], (i) => `${1 + (i % 28)}.${1 + (i % 12)}.2025`],
    ['dates with the time', 'date', ['text'], (i) => `${1 + (i % 28)}.${1 + (i % 12)}.2025 14:05`],
    ['dates, some of them unknown', 'date', ['text'], (i) => (i % 3 === 0 ? 'unknown' : day(i))],
    [
      'postcodes of a table that nearly all differ, some beginning with zero',
      'identifier',
      ['number', 'text'],
      (i) => (i % 10 === 0 ? `0${1000 + i}` : 10_000 + ((i * 7919) % 89_999)),
    ],
    ['addresses', 'identifier', ['text'], (i) => `person-${i}@example.org`],
    ['row numbers', 'identifier', ['number'], (i) => 41_000 + 3 * i],
    ['row numbers as text', 'identifier', ['text'], (i) => String(41_000 + 3 * i)],
    ['sentences', 'text', ['text'], (i) => `a sentence of more than five words, number ${i}`],
    [
      'short messages with some long ones',
      'text',
      ['text'],
      (i) => (i % 4 === 0 ? `please call me back at once about order ${i}` : word(i)),
    ],
    ['short messages that nearly all differ', 'text', ['text'], (i) => `order ${i} ${word(i)}`],
  ])('%s', (_, kind, forms, make) => {
    expect(readingOf(many(make))).toEqual({ kind, forms, isConstant: false, isDecided: true });
  });

  it('is told to be constant only of many values', () => {
    expect(readingOf(many(() => 7))).toMatchObject({ kind: 'number', isConstant: true });
    expect(readingOf([7])).toMatchObject({ kind: 'number', isConstant: false, isDecided: false });
  });

  it('is decided by the first 200 values and stays; before that it may change, and says so', () => {
    const first = FeatureKinds.none.learn([rowOf({ size: '8' })]);
    const mixed = first.learn([rowOf({ size: 'XL' }), rowOf({ size: 'L' })]);
    expect([first.readings.get('size')?.kind, mixed.readings.get('size')?.kind]).toEqual(['number', 'category']);
    expect([mixed.contradicts(first), first.contradicts(first)]).toEqual([true, false]);
    const decided = FeatureKinds.none.learn(many((i) => (i * 31) % 97).map((size) => rowOf({ size })));
    const later = decided.learn(many(word, 1_000).map((size) => rowOf({ size })));
    expect(later).toBe(decided);
  });

  it('leaves the copy it was learnt from as it was', () => {
    const before = FeatureKinds.none.learn([rowOf({ a: 1 })]);
    before.learn(many(word).map((a) => rowOf({ a, b: a })));
    expect([...before.readings.keys()]).toEqual(['a']);
  });

  it('is stored without values', () => {
    const { readings } = FeatureKinds.none.learn(many((i) => `person-${i}@example.org`).map((mail) => rowOf({ mail })));
    const text = featureReadingsCodec.encode(readings);
    expect(text).not.toContain('example.org');
    expect(featureReadingsCodec.decode(text)).toEqual(readings);
  });

  it.each<readonly [FeatureKind, (i: number) => Value]>([
    ['date', day],
    ['date', (i) => `${1 + (i % 28)}.${1 + (i % 12)}.2025`],
    ['identifier', (i) => `person-${i}@example.org`],
    ['number', (i) => ((i * 31) % 97).toFixed(2)],
    ['boolean', (i) => (i % 3 === 0 ? 'yes' : 'no')],
    ['category', word],
    ['text', (i) => `a sentence of more than five words, number ${i}`],
  ])('of %s does not depend on texts that are empty, which are missing', (kind, make) => {
    const values = many((i) => (i % 5 < 3 ? '' : make(i)), 600);
    const kinds = FeatureKinds.none.learn(values.map((x) => rowOf({ x })));
    expect(kinds.readings.get('x')).toMatchObject({ kind, isDecided: true });
    expect(Object.values(kinds.read(rowOf({ x: '' })).features ?? {})).toEqual([null]);
  });

  it('does not change with the first value after empty texts', () => {
    const first = FeatureKinds.none.learn([rowOf({ x: '' })]);
    expect(first.read(rowOf({ x: '' })).features).toEqual({ x: null });
  });

  it('is read as before where it was stored by a release that took an empty text for a value', () => {
    const stored = { kind: 'category', forms: ['text'], isConstant: false, isDecided: true } as const;
    const kinds = FeatureKinds.restored(new Map([['x', stored]]));
    expect(kinds.read(rowOf({ x: '' })).features).toEqual({ x: '' });
  });

  it('is learnt of so many features and no more', () => {
    const wide = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, i]));
    expect(FeatureKinds.none.learn([rowOf(wide)]).readings.size).toBe(500);
    expect(FeatureKinds.none.learn([rowOf(wide)], 700).readings.size).toBe(700);
  });

  it('counts a value of another form as of the wrong type', () => {
    const learnt = (make: (i: number) => Value): FeatureKinds =>
      FeatureKinds.none.learn(many(make).map((x) => rowOf({ x })));
    const invalid = (kinds: FeatureKinds, like: Value, value: Value): number => {
      const builder = createWindowBuilder();
      for (const x of [like, value, value]) builder.add(kinds.read(rowOf({ x })));
      return builder.build().signals.get('feature:x')?.invalid ?? -1;
    };
    const numbers = learnt((i) => (i * 31) % 97);
    const written = learnt((i) => String((i * 31) % 97));
    const truths = learnt((i) => i % 2 === 0);
    const spelled = learnt((i) => (i % 2 === 0 ? 'yes' : 'no'));
    const words = learnt(word);
    const dates = learnt(day);
    const mails = learnt((i) => `person-${i}@example.org`);
    expect([
      invalid(numbers, 1, '37'),
      invalid(numbers, 1, true),
      invalid(written, '1', 37),
      invalid(truths, true, 1),
      invalid(truths, true, 'yes'),
      invalid(spelled, 'yes', true),
      invalid(spelled, 'yes', 1),
      invalid(words, 'ok', 5),
      invalid(words, 'ok', true),
      invalid(dates, '2025-01-01', 'soon'),
      invalid(mails, 'a@example.org', 12),
    ]).toEqual([2, 2, 2, 2, 0, 0, 2, 2, 2, 2, 2]);
  });

  it('reads spellings of one value as one', () => {
    const kinds = FeatureKinds.none.learn(
      many((i) => [true, 'TRUE', 'no', 0, false, 1][i % 6] ?? 1).map((x) => rowOf({ x })),
    );
    const read = [true, 'True', 'yes', 1, '1'].map((x) => kinds.read(rowOf({ x })).features?.['x']);
    expect(new Set(read)).toEqual(new Set([true]));
  });

  it('keeps no text, date or identifier in a row that was read', () => {
    const rows = many((i) => i as Value).map((i) =>
      rowOf({
        note: `please call me back about order ${String(i)}`,
        day: day(Number(i)),
        mail: `p${String(i)}@example.org`,
        x: 1,
      }),
    );
    const kinds = FeatureKinds.none.learn(rows);
    const read = rows.map((row) => kinds.read(row).features);
    expect(JSON.stringify(read)).not.toMatch(/please|example|2025-/);
    expect(Object.keys(read[0] ?? {})).toContain('note.words');
  });

  it('tells a feature that is not sent from one that is null', () => {
    const builder = createWindowBuilder();
    for (let i = 0; i < 10; i += 1) builder.add(rowOf(i < 4 ? { x: 1, y: i } : i < 7 ? { x: null, y: i } : { y: i }));
    const window = builder.build();
    const counts = window.signals.get('feature:x');
    expect(counts?.missing).toBe(3);
    expect(counts === undefined ? null : absentIn(window, counts)).toBe(3);
  });
});
