import { expect, it } from 'vitest';
import { implausible } from '../../../exporter/src/domain/plausible-time.js';

const NOW_MS = Date.UTC(2026, 10, 29, 12);

it.each<[string, number, string | null]>([
  ['now', NOW_MS, null],
  ['5 minutes ahead', NOW_MS + 300_000, null],
  ['in 2000', Date.UTC(2000, 0, 1), null],
  ['6 minutes ahead', NOW_MS + 360_000, 'more than 5 minutes in the future'],
  ['in the year 5138', 99_999_999_999_999, 'more than 5 minutes in the future'],
  ['in seconds', 1_795_957_000, 'this looks like seconds; send milliseconds since 1970'],
  ['in microseconds', NOW_MS * 1e3, 'this looks like microseconds'],
  ['in nanoseconds', NOW_MS * 1e6, 'this looks like nanoseconds'],
  ['of a clock that was never set', 0, 'before the year 2000'],
])('says what is wrong with a time %s', (_, atMs, wrong) => {
  const said = implausible(atMs, NOW_MS);
  if (wrong === null) expect(said).toBeNull();
  else expect(said).toContain(wrong);
});
