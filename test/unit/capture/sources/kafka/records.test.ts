import { expect, it } from 'vitest';
import { headersOf } from '../../../../../exporter/src/capture/sources/kafka/event-headers.js';
import { linesOf } from '../../../../../exporter/src/capture/sources/kafka/record-lines.js';
import { readEvents } from '../../../../../exporter/src/capture/sources/cloudevents/read-events.js';

it.each([
  ['{"a":1}', ['{"a":1}']],
  ['\uFEFF {"a":1}\n', ['{"a":1}']],
  ['{\n  "a": "x y",\r\n  "b": 12345678901234567890\n}', ['{   "a": "x y",   "b": 12345678901234567890 }']],
  ['{"a":1}\n\n{"a":2}\r\n', ['{"a":1}', '{"a":2}']],
  ['[{"a":1},\n {"a":[2]}]', ['{"a":1}', '{"a":[2]}']],
  ['[{"a":1},', ['{"a":1}']],
  ['[{"a":1}] {"a":2}', ['{"a":1}', '{"a":2}']],
  ['[{"a":1}] and more', ['{"a":1}', 'and more']],
  ['[', ['[']],
  [' \n', []],
  ['{"a":\n1', ['{"a":', '1']],
])('reads %j as a line a row', (value, lines) => {
  expect(linesOf(Buffer.from(value))).toEqual(lines);
});

const read = (headers: Readonly<Record<string, string>>, value: string) =>
  readEvents(headersOf({ headers: new Map(Object.entries(headers)) }), Buffer.from(value), { maximumDataBytes: 1_000 });
const STRUCTURED = '{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{"x":1}}';

it('reads events as they are on Kafka: binary by their headers, else structured', () => {
  expect(
    read(
      { ce_id: '50%', ce_type: 't', ce_source: '/ü', ce_modelid: 'm', 'content-type': 'application/json' },
      '{"x":1}',
    ),
  ).toMatchObject([{ kind: 'event', event: { id: '50%', source: '/ü', data: { x: 1 } } }]);
  expect(read({ 'content-type': 'application/cloudevents+json; charset=UTF-8' }, STRUCTURED)).toMatchObject([
    { kind: 'event', event: { id: '1', data: { x: 1 } } },
  ]);
  expect(read({}, STRUCTURED)).toMatchObject([{ kind: 'event', event: { id: '1' } }]);
  expect(read({}, `[${STRUCTURED}]`)).toMatchObject([{ kind: 'refused' }]);
  expect(read({}, 'no JSON')).toMatchObject([{ kind: 'refused' }]);
});
