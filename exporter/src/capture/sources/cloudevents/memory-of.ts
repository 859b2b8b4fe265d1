import { isList, isObject, type Json } from '../../../domain/json.js';

/** What V8 takes on 64 bits, rounded up: a place in a list (lists keep room to grow), a number, an empty text, list or object, a property. */
const PLACE = 13;
const NUMBER = 16;
const TEXT = 24;
const LIST = 40;
const OBJECT = 56;
/** With its share of the table of names; objects of one shape share one and take less. */
const PROPERTY = 40;
const TWO_BYTES_EACH = /[^\0-\xff]/;

const ofText = (text: string): number => TEXT + text.length * (TWO_BYTES_EACH.test(text) ? 2 : 1);

/** Bytes of memory that a parsed value takes, of small values many times its text's. Linear, however deep it is. */
export function memoryOf(value: Json | undefined): number {
  let bytes = 0;
  const nested: Json[] = [];
  const add = (part: Json | undefined): void => {
    if (typeof part === 'number') bytes += NUMBER;
    else if (typeof part === 'string') bytes += ofText(part);
    else if (typeof part === 'object' && part !== null) nested.push(part);
  };
  add(value);
  for (let next = nested.pop(); next !== undefined; next = nested.pop()) {
    if (isList(next)) {
      bytes += LIST + PLACE * next.length;
      for (const item of next) add(item);
    } else if (isObject(next)) {
      const entries = Object.entries(next);
      bytes += OBJECT + PROPERTY * entries.length;
      for (const [name, item] of entries) {
        bytes += ofText(name);
        add(item);
      }
    }
  }
  return bytes;
}
