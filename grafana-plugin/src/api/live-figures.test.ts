import { aModel } from '../test-data';
import { remember, remembered } from './live-figures';

const recent = (...atMs: number[]) =>
  atMs.map((at_ms) => ({ at_ms, confidence_mean: null, error_share: 1, latency_p50_seconds: null }));

describe('figures of a model that has no stored ones', () => {
  it('are there from the first answer on, as the exporter evaluated them', () => {
    remember([aModel({ id: 'down', recent: recent(1_000, 6_000), error_share: 1 })], 8_000);
    expect(remembered('down').map(({ atMs, failures }) => [atMs, failures])).toEqual([
      [1_000, 1],
      [6_000, 1],
      [8_000, 1],
    ]);
  });

  it('keep what was seen before and after those the exporter tells', () => {
    remember([aModel({ id: 'list', recent: recent(1_000, 6_000) })], 8_000);
    // A list tells fewer, and newer ones.
    remember([aModel({ id: 'list', recent: recent(6_000, 11_000) })], 13_000);
    expect(remembered('list').map(({ atMs }) => atMs)).toEqual([1_000, 6_000, 11_000, 13_000]);
  });

  it('are there also where the clock of the browser is behind', () => {
    remember([aModel({ id: 'behind', recent: recent(61_000, 66_000) })], 8_000);
    expect(remembered('behind').map(({ atMs }) => atMs)).toEqual([61_000, 66_000]);
    remember([aModel({ id: 'behind', recent: recent(66_000, 71_000) })], 13_000);
    expect(remembered('behind').map(({ atMs }) => atMs)).toEqual([61_000, 66_000, 71_000]);
  });
});
