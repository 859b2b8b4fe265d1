import { pino } from 'pino';
import type { Logger } from '../domain/ports.js';
import { RepeatedErrors } from './repeated-errors.js';
import { systemClock } from './system-clock.js';

/** JSON lines on standard error, so that standard output stays free for what a command prints. None is longer than 4 kB; the same error is told once a minute. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Logger {
  const standardError = pino.destination({ fd: 2, sync: true });
  // A line that cannot be written (the log's disk is full) is lost; what mlfi watches goes on.
  standardError.on('error', () => undefined);
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, standardError);
  const errors = new RepeatedErrors();
  return {
    debug: (fields, message) => log.debug(withinOneLine(fields), message),
    info: (fields, message) => log.info(withinOneLine(fields), message),
    warn: (fields, message) => log.warn(withinOneLine(fields), message),
    error: (fields, message) => {
      const repeated = errors.came([message, ...Object.values(fields).map(jsonOf)].join(' '), systemClock.now());
      if (repeated !== null) log.error(withinOneLine(repeated === 0 ? fields : { ...fields, repeated }), message);
    },
  };
}

/** Bytes of JSON that the fields of one line may take; the rest of 4,096 is for level, time and message. */
const FIELDS_BYTES = 3_600;
/** Bytes of a field that are not its text: quotes, colon, comma, and the mark that it was cut. */
const AROUND_BYTES = 20;
const FIELDS_KEPT = 30;
const NAME_BYTES = 40;
const MARK = '… (cut)';

/** The fields as they are when they fit on one line; else the longest ones are cut, and say so. */
export function withinOneLine(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const told = Object.entries(fields).map(([name, value]) => ({ name, value, json: jsonOf(value) }));
  const total = told.reduce((sum, { name, json }) => sum + bytesOf(JSON.stringify(name)) + bytesOf(json) + 2, 0);
  if (total <= FIELDS_BYTES) return fields;
  const kept = told.slice(0, FIELDS_KEPT);
  const share = Math.floor(FIELDS_BYTES / kept.length) - NAME_BYTES - AROUND_BYTES;
  return Object.fromEntries(
    kept.map(({ name, value, json }) => [
      fitting(name, NAME_BYTES),
      bytesOf(json) <= share ? value : `${fitting(typeof value === 'string' ? value : json, share)}${MARK}`,
    ]),
  );
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

function jsonOf(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message);
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '"not JSON"';
  }
}

/** The beginning of a text whose JSON takes at most `bytes`. */
function fitting(text: string, bytes: number): string {
  let cut = text.slice(0, bytes);
  while (bytesOf(JSON.stringify(cut)) > bytes) cut = cut.slice(0, Math.floor(cut.length * 0.8));
  return cut;
}
