import { histogramOf, parseAggregates } from './histogram';

const unit = (cells: Array<[number, number]>) => ({
  kind: 'numeric' as const,
  grid: { kind: 'unit' as const },
  cells,
  missing: 0,
  invalid: 0,
});

describe('histogramOf', () => {
  it('counts both windows on the frozen bins, with one bar above them', () => {
    const histogram = histogramOf({
      bins: [99, 499],
      before: unit([
        [50, 1],
        [300, 3],
      ]),
      now: unit([
        [300, 1],
        [900, 1],
      ]),
    });
    expect(histogram).toMatchObject({
      labels: ['≤ 0.0995', '≤ 0.499', '> 0.499'].map((text) => expect.stringContaining(text.slice(0, 3))),
      before: [0.25, 0.75, 0],
      now: [0, 0.5, 0.5],
    });
  });
  it('begins with a bar for values that are missing, and one for those that cannot be read, where there are any', () => {
    const flooded = { ...unit([[50, 30]]), missing: 62, invalid: 8 };
    const numeric = histogramOf({ bins: [99], before: unit([[50, 100]]), now: flooded });
    expect(numeric?.labels.slice(0, 2)).toEqual(['missing', 'unreadable']);
    expect(numeric).toMatchObject({ x: [0, 1, 2, 3], before: [0, 0, 1, 0], now: [0.62, 0.08, 0.3, 0] });
    const some = {
      kind: 'categorical' as const,
      categories: [['a', 3]] as Array<[string, number]>,
      other: 0,
      invalid: 0,
    };
    const categorical = histogramOf({ bins: null, before: null, now: { ...some, missing: 1 } });
    expect(categorical).toMatchObject({ labels: ['missing', 'a'], before: [0, 0], now: [0.25, 0.75] });
  });
  it('joins bins so that no more than 25 bars are drawn and loses no value', () => {
    const cells = Array.from({ length: 64 }, (_, cell): [number, number] => [cell * 10, 1]);
    const histogram = histogramOf({ bins: cells.map(([cell]) => cell), before: unit(cells), now: null });
    expect(histogram?.before.length).toBeLessThanOrEqual(25);
    expect(histogram?.before.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1);
  });
  it('puts categories beyond the listed into other', () => {
    const counts = (categories: Array<[string, number]>, other: number) => ({
      kind: 'categorical' as const,
      categories,
      other,
      missing: 0,
      invalid: 0,
    });
    expect(histogramOf({ bins: null, before: counts([['a', 10]], 10), now: counts([['b', 5]], 0) })).toMatchObject({
      labels: ['a', 'b', 'other'],
      before: [0.5, 0, 0.5],
      now: [0, 1, 0],
    });
  });
  it('names the value of a lone bar, and draws a signal without a baseline on equally wide bins', () => {
    expect(histogramOf({ bins: null, before: null, now: unit([[500, 9]]) })).toMatchObject({
      labels: ['0.5'],
      now: [1],
    });
    const spread = histogramOf({
      bins: null,
      before: null,
      now: unit([
        [0, 98],
        [999, 2],
      ]),
    });
    expect(spread?.now.length).toBe(20);
    expect([spread?.now[0], spread?.now.at(-1)]).toEqual([0.98, 0.02]);
  });
  it('has nothing to draw without counts', () => {
    expect(histogramOf({ bins: null, before: null, now: null })).toBeNull();
  });
});

test('aggregates become columns; an empty field is unknown, not zero', () => {
  expect(
    parseAggregates(
      'window_start,calls,confidence_mean\r\n2026-01-01T00:00:00.000Z,3,\r\n2026-01-01T00:00:10.000Z,4,0.5\r\n'
    )
  ).toEqual({
    atMs: [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 10_000],
    columns: { calls: [3, 4], confidence_mean: [null, 0.5] },
  });
});
