import type { Freeze } from '../domain/decision-policy.js';
import { WEEKDAYS } from './decisions-schema.js';
import type { Settings } from './schema.js';

type Written = Settings['governance']['freezes'][number];

export type ReadFreeze =
  | { readonly kind: 'freeze'; readonly freeze: Freeze }
  | {
      readonly kind: 'wrong';
      readonly key: 'from' | 'until' | 'days' | 'time_zone';
      readonly message: string;
      readonly remedy: string;
    };

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;
const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$|^24:00$/;

/** Reads a freeze: with `days` it comes back every week, `from` and `until` being times of day; without, they are moments. */
export function freezeFrom({ name, from, until, days, time_zone: timeZone }: Written): ReadFreeze {
  if (days === undefined) {
    for (const [key, text] of [
      ['from', from],
      ['until', until],
    ] as const) {
      if (!INSTANT.test(text) || Number.isNaN(Date.parse(text)))
        return wrong(key, 'must be a moment with its offset', 'write e.g. 2026-12-20T00:00:00Z, or add `days`');
    }
    if (timeZone !== undefined)
      return wrong('time_zone', 'has no use without `days`', 'put the offset into the moments');
    const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
    if (untilMs <= fromMs) return wrong('until', 'must lie after `from`', 'write a later moment');
    return { kind: 'freeze', freeze: { name, kind: 'once', fromMs, untilMs } };
  }
  if (days.length === 0) return wrong('days', 'must have at least 1 items', 'add to it');
  for (const [key, text] of [
    ['from', from],
    ['until', until],
  ] as const) {
    if (!CLOCK.test(text)) return wrong(key, 'must be a time of day', 'write e.g. "18:00" in quotes');
  }
  const zone = timeZone ?? 'UTC';
  if (!isTimeZone(zone)) return wrong('time_zone', 'is no known time zone', 'write an IANA name, e.g. Europe/Berlin');
  return {
    kind: 'freeze',
    freeze: {
      name,
      kind: 'weekly',
      days: days.map((day) => WEEKDAYS.indexOf(day)),
      fromMinute: minuteOf(from),
      untilMinute: minuteOf(until),
      timeZone: zone,
    },
  };
}

const wrong = (key: 'from' | 'until' | 'days' | 'time_zone', message: string, remedy: string): ReadFreeze => ({
  kind: 'wrong',
  key,
  message,
  remedy,
});

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
