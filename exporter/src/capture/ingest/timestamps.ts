import { FUTURE_TOLERANCE_MS, OLDEST_MS } from '../../domain/plausible-time.js';
import { Refusal } from './verdicts.js';

const RIGHT =
  'send ISO 8601 like 2026-11-24T14:05:00Z, or seconds, milliseconds, microseconds or nanoseconds since 1970';

/**
 * Date and time as Python, Java, Go and SQL write them: `T` or a space between, up to 9 digits of a second after `.` or
 * `,`, any offset with or without a colon, Java's `[Europe/Paris]` and Go's ` UTC m=+0.1` behind it, or ISO's basic form.
 */
const ISO =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\[[\w/+-]{1,40}\])?(?: [A-Z]{2,5})?(?: m=[+-][\d.]{1,30})?$/i;
/** RFC 1123, as in HTTP headers and Java's and Go's log lines. */
const RFC1123 = /^[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|([+-]\d{4}))$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NUMBER = /^\d{1,20}(?:\.\d{1,12})?$/;
const LONGEST = 80;

/**
 * Milliseconds since 1970 of a timestamp; a time without a zone is UTC.
 * @throws Refusal for what is no time, lies before 2000, or more than 5 minutes after `nowMs`
 */
export function timestampMs(value: number | string, nowMs: number): number {
  const ms = readMs(value);
  if (ms === null) throw new Refusal('bad_timestamp', 'timestamp', `timestamp is not read: ${RIGHT}`);
  if (ms < OLDEST_MS)
    throw new Refusal(
      'timestamp_in_past',
      'timestamp',
      looksLikeDate(value)
        ? 'timestamp looks like YYYYMMDD; send 2026-11-24 or 2026-11-24T14:05:00Z'
        : `timestamp lies before the year 2000; ${RIGHT}`,
    );
  if (ms > nowMs + FUTURE_TOLERANCE_MS)
    throw new Refusal(
      'timestamp_in_future',
      'timestamp',
      looksLikeDateTime(value)
        ? 'timestamp looks like YYYYMMDDhhmmss; send 2026-11-24T14:05:00Z'
        : 'timestamp lies more than 5 minutes in the future; check the sender’s clock and zone (a time without a zone is UTC)',
    );
  return ms;
}

function readMs(value: number | string): number | null {
  if (typeof value === 'number') return epochMs(value);
  if (value.length > LONGEST) return null;
  const text = value.trim();
  if (NUMBER.test(text)) return epochMs(Number(text));
  return isoMs(text) ?? rfc1123Ms(text);
}

/** Tells the unit by size: it holds for dates from 1973 to 5138. */
function epochMs(value: number): number | null {
  if (!Number.isFinite(value) || value < 0) return null;
  if (value < 1e11) return Math.floor(value * 1e3 + 1e-4);
  if (value < 1e14) return Math.floor(value);
  if (value < 1e17) return Math.floor(value / 1e3);
  return Math.floor(value / 1e6);
}

function isoMs(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const ms = utcMs(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  return ms === null ? null : ms + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs(zone);
}

function rfc1123Ms(text: string): number | null {
  const match = RFC1123.exec(text);
  if (match === null) return null;
  const [, day, name, year, hour, minute, second, zone] = match;
  const month = MONTHS.indexOf(name ?? '') + 1;
  const ms = utcMs(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  return ms === null ? null : ms - offsetMs(zone);
}

/** Null for a date that does not exist; a leap second counts as the one after it. */
function utcMs(year: number, month: number, day: number, hour: number, minute: number, second: number): number | null {
  if (hour > 23 || minute > 59 || second > 60) return null;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return null;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

const looksLikeDate = (value: number | string): boolean =>
  /^(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])$/.test(String(value));
const looksLikeDateTime = (value: number | string): boolean =>
  /^(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(String(value));
