import { extentOf } from './FloatingBars';
import { drawingOf, fullWindows, shares, withoutLate } from './measures';
import { coarse, joinedMarks } from './Plot';

describe('charts', () => {
  it('leave out the newest windows whose labels have not come yet: they would look like a drop', () => {
    expect(withoutLate([80, 76, 82, 79, 9, null])).toEqual([80, 76, 82, 79, null, null]);
    expect(withoutLate([80, 3, 82, 79])).toEqual([80, 3, 82, 79]);
    expect(withoutLate([null, null])).toEqual([null, null]);
  });
  it('show zero, every bar, every interval, and room for the texts', () => {
    const [least, most] = extentOf(
      [{ name: 'a', from: 0, to: -0.2, low: -0.3, high: -0.1, tone: 'worse', text: '' }],
      600
    );
    expect(least).toBeLessThan(-0.3);
    expect(most).toBe(0);
    const both = extentOf(
      [
        { name: 'a', from: 0, to: -1, tone: 'worse', text: '' },
        { name: 'b', from: -1, to: 2, tone: 'better', text: '' },
      ],
      600
    );
    expect(both[0]).toBeLessThan(-1);
    expect(both[1]).toBeGreaterThan(2);
    const nothing = extentOf([{ name: 'a', from: 0, to: 0, tone: 'total', text: '' }], 600);
    expect(nothing[1]).toBeGreaterThan(nothing[0]);
  });
  it('write the names of marks that lie on each other as one', () => {
    expect(
      joinedMarks(
        [
          { left: 50, name: '3' },
          { left: 10, name: '1' },
          { left: 12, name: '2' },
        ],
        12
      )
    ).toEqual([
      { left: 10, name: '1·2' },
      { left: 50, name: '3' },
    ]);
  });
  it('stay as they are while a range moves by little', () => {
    const hour = 3_600_000;
    const first = coarse([1_000_000_000, 1_000_000_000 + hour]);
    expect(first[0]).toBeLessThanOrEqual(1_000_000_000);
    expect(first[1]).toBeGreaterThanOrEqual(1_000_000_000 + hour);
    const distinct = new Set(
      Array.from({ length: 60 }, (_, second) =>
        JSON.stringify(coarse([1_000_000_000 + second * 1000, 1_000_000_000 + hour + second * 1000]))
      )
    );
    expect(distinct.size).toBeLessThanOrEqual(6);
  });
  it('end shares at 100 %, and draw nothing that was never measured', () => {
    const aggregates = {
      atMs: [1, 2],
      columns: { calls: [4, 4], failures: [4, 0], labelled: [0, 0], correct: [0, 0] },
    };
    expect(drawingOf(aggregates, 'failures')).toMatchObject({ hardMax: 1, series: [{ values: [1, 0] }] });
    expect(drawingOf(aggregates, 'accuracy')).toBeNull();
    const [band] = shares([90], [100]);
    expect(band?.low).toBeCloseTo(0.826, 2);
    expect(band?.high).toBeCloseTo(0.945, 2);
  });
  it('leave out the newest window while it is being filled', () => {
    const csv = (calls: number[]) => ({ atMs: calls.map((_, index) => index), columns: { calls } });
    expect(fullWindows(csv([300, 310, 20])).columns.calls).toEqual([300, 310]);
    expect(fullWindows(csv([300, 310, 280])).columns.calls).toEqual([300, 310, 280]);
    expect(fullWindows(csv([20])).columns.calls).toEqual([20]);
  });
});
