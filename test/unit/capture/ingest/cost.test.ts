import { describe, expect, it } from 'vitest';
import { parseBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { createWindowBuilder } from '../../../../exporter/src/statistics/window-profile.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const BYTES = 400_000;
/** A batch may cost this many times what an ordinary one of as many bytes does. */
const MOST = 5;
const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';

const times = (count: number, make: (i: number) => string, between = ','): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(between);
/** So many rows that the batch has `BYTES` bytes. */
const rows = (make: (i: number) => string): string => {
  const count = Math.max(1, Math.ceil(BYTES / (Buffer.byteLength(make(1_000)) + 1)));
  return times(count, make, '\n');
};
const row = (features: string): string => `{"prediction":"a","features":{${features}}}`;

const ordinary = rows(
  (i) =>
    `{"prediction_id":"id-${i}","timestamp":"2026-11-28T11:00:00.000Z","features":{"age":${20 + (i % 50)},"income":${(i * 7919) % 100_000}.5,"job":"job ${i % 12}","married":${i % 2 === 0},"region":"eu-${i % 4}"},"prediction":"${i % 3 === 0 ? 'yes' : 'no'}","confidence":0.${500 + (i % 500)},"latency_ms":${10 + (i % 90)}}`,
);

const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
const SHAPES: Readonly<Record<string, readonly [body: string, type: string]>> = {
  'a feature that is null, 14,000 times': [row(times(14_000, (i) => `"f${i}":null`)), NDJSON],
  '14,000 numbers under names of their own': [row(times(14_000, (i) => `"f${i}":${i}`)), NDJSON],
  'new names in every row': [rows((i) => row(times(20, (k) => `"n${i}_${k}":1`))), NDJSON],
  'new names in every row, all null': [rows((i) => row(times(20, (k) => `"n${i}_${k}":null`))), NDJSON],
  'a list of a hundred thousand nulls': [row(`"x":[${times(90_000, () => 'null')}]`), NDJSON],
  'a list that is too long': [row(`"x":[${times(200_000, () => '0')}]`), NDJSON],
  'many short lists': [row(times(20_000, (i) => `"x${i}":[1,2,3]`)), NDJSON],
  'a list of texts': [row(`"x":[${times(40_000, () => '"abc"')}]`), NDJSON],
  'a list of objects': [row(`"x":[${times(20_000, (i) => `{"a":${i}}`)}]`), NDJSON],
  'nested 3,000 deep, many rows': [rows(() => row(`"x":${nested(3_000, '[', ']')}`)), NDJSON],
  'objects nested 3,000 deep': [rows(() => row(`"x":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`)), NDJSON],
  'brackets only': [nested(BYTES / 2, '[', ']'), JSON_TYPE],
  'brackets that do not match': ['['.repeat(2) + '{]'.repeat(BYTES / 2), JSON_TYPE],
  'open brackets and as many of the other kind': [`[${'{'.repeat(BYTES / 2)}${']'.repeat(BYTES / 2)}`, JSON_TYPE],
  'an array cut off in the middle': [`[${ordinary.replaceAll('\n', ',')}`, JSON_TYPE],
  'an array of bad entries': [`[${times(BYTES / 4, () => 'bad')}]`, JSON_TYPE],
  'lines that are not JSON': [times(BYTES / 4, () => 'bad', '\n'), NDJSON],
  'empty lines': ['\n'.repeat(BYTES), NDJSON],
  'one quote that is never closed': [`[{"prediction":"${'x'.repeat(BYTES)}`, JSON_TYPE],
  'quotes that are never closed': [`[${times(BYTES / 8, () => '{"a":"b\n')}`, JSON_TYPE],
  'backslashes before a quote': [rows(() => `{"prediction":"${'\\\\'.repeat(20_000)}","confidence":NaN}`), NDJSON],
  'quotes behind backslashes': [
    rows(() => `{"prediction":"a","confidence":NaN,"x":"${'\\"'.repeat(20_000)}"}`),
    NDJSON,
  ],
  'NaN everywhere': [rows(() => row(times(30, (k) => `"x${k}":NaN`))), NDJSON],
  'numbers of a thousand digits': [rows(() => row(times(20, (k) => `"x${k}":${'9'.repeat(1_000)}`))), NDJSON],
  'one number of all the digits': [`{"prediction":${'9'.repeat(BYTES)}}`, NDJSON],
  'ids beyond 2^53': [rows((i) => `{"prediction":"a","prediction_id":${1795817725098488064n + BigInt(i)}}`), NDJSON],
  'names of a hundred thousand characters': [rows((i) => row(`"${'k'.repeat(100_000)}${i}":1`)), NDJSON],
  'one text of all the bytes': [row(`"x":"${'word '.repeat(BYTES / 5)}"`), NDJSON],
  'texts of a hundred characters': [rows(() => row(times(30, (k) => `"t${k}":"${'some words '.repeat(9)}"`))), NDJSON],
  'texts of rare characters': [
    rows((i) => row(`"t":"${times(200, (k) => String.fromCodePoint(0x4e00 + ((i * 200 + k) % 20_000)), '')}"`)),
    NDJSON,
  ],
  'one name again and again': [row(times(30_000, () => '"x":1')), NDJSON],
  'strings that begin with a colon': [rows(() => row(times(20, (k) => `"x${k}":":a"`))), NDJSON],
  'colons and spaces': [`{"prediction":"a","x":"${' :'.repeat(BYTES / 2)}"}`, NDJSON],
  'names with dots that meet': [row(times(10_000, (i) => `"a.b${i}":1,"a":{"b${i}":2}`)), NDJSON],
  'names that must be changed': [rows((i) => row(times(20, (k) => `"a\\u0000${i}.${k}":1`))), NDJSON],
  'lone surrogates': [rows(() => row(times(20, (k) => `"x${k}":"\\ud800\\ud800"`))), NDJSON],
  'timestamps that are nearly right': [
    rows(() => `{"prediction":"a","timestamp":"2026-11-28T11:00:00${'0'.repeat(60)}"}`),
    NDJSON,
  ],
  'unknown fields': [rows((i) => `{"prediction":"a","${'u'.repeat(60)}${i}":1}`), NDJSON],
  'a table of empty cells': [
    `prediction${times(2_000, (i) => `,c${i}`, '')}\n${times(100, () => ','.repeat(2_000), '\n')}`,
    'text/csv',
  ],
  'a table of one open quote': [`prediction,x\n"${'a\n'.repeat(BYTES / 2)}`, 'text/csv'],
  'a table of doubled quotes': [`prediction,x\n"${'""'.repeat(BYTES / 2)}",1`, 'text/csv'],
  'a table of equal names': [`${times(90_000, () => 'x')}\n${times(90_000, () => '1')}`, 'text/csv'],
};

/** Microseconds of processor time per byte, the best of a few runs: parsed and counted. */
function costOf(body: string, type: string): number {
  const bytes = Buffer.byteLength(body);
  let best = Infinity;
  for (let run = 0; run < 4; run += 1) {
    const before = process.cpuUsage();
    const builder = createWindowBuilder();
    for (const observation of parseBatch(body, type, NOW).observations) builder.add(observation);
    builder.build();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / bytes);
  }
  return best;
}

describe('the cost of a byte', () => {
  for (let warm = 0; warm < 3; warm += 1) costOf(ordinary, NDJSON);

  it.each(Object.entries(SHAPES))('%s: at most 5 times that of an ordinary batch', (name, [body, type]) => {
    expect(Buffer.byteLength(body)).toBeGreaterThan(90_000);
    // Others share the processor; a shape is too dear only when it is so each time.
    let ratio = Infinity;
    for (let attempt = 0; attempt < 4 && ratio >= MOST; attempt += 1)
      ratio = Math.min(ratio, costOf(body, type) / costOf(ordinary, NDJSON));
    if (process.env['MLFI_SHOW_COSTS'] !== undefined)
      process.stdout.write(`${ratio.toFixed(2).padStart(8)}  ${name}\n`);
    expect(ratio).toBeLessThan(MOST);
  });
});
