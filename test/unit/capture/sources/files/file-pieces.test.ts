import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchReader } from '../../../../../exporter/src/capture/ingest/batch-reader.js';
import { parseBatch } from '../../../../../exporter/src/capture/ingest/parse.js';
import {
  kindOfFile,
  kindOfText,
  piecesOf,
  type FileKind,
  type OpenFile,
  type Piece,
} from '../../../../../exporter/src/capture/sources/files/file-pieces.js';
import { previewOf } from '../../../../../exporter/src/capture/sources/files/preview.js';
import { wholeLines } from '../../../../../exporter/src/capture/sources/whole-lines.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../../exporter/src/domain/ingest.js';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');

function textFile(kind: FileKind, text: string | Buffer, chunkBytes = 64 * 1024): OpenFile {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      await Promise.resolve();
      yield bytes.subarray(at, at + chunkBytes);
    }
  }
  return {
    name: 'rows',
    kind,
    sizeBytes: bytes.length,
    stream: () => ({ chunks: chunks(), readBytes: null }),
    parts: null,
    isReadOnce: false,
  };
}

async function all(file: OpenFile, rows: number): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of piecesOf(file, rows)) pieces.push(piece);
  return pieces;
}

describe('a table', () => {
  const header = 'age,comment,prediction';
  const line = (i: number): string => `${i},"said ""no"",\nthen ${'x'.repeat(i % 90)}",yes`;
  const rows = Array.from({ length: 60_000 }, (_, i) => line(i));
  const text = `${header}\r\n${rows.join('\n')}`;

  it('is cut alike however its bytes come, with the header on every piece, and nothing lost', async () => {
    const pieces = await all(textFile('csv', text), 5_000);
    expect(pieces.length).toBeGreaterThanOrEqual(12);
    for (const chunkBytes of [1_000_003, 8_000_000])
      expect(await all(textFile('csv', text, chunkBytes), 5_000)).toEqual(pieces);
    expect(pieces.every(({ body }) => body.startsWith(`${header}\n`))).toBe(true);
    expect(pieces.map(({ body }) => body.slice(header.length + 1)).join('')).toBe(rows.join('\n'));
    expect(pieces.at(-1)?.share).toBe(1);
  });

  it('loses its byte order mark and keeps its last line without an end', async () => {
    const [only, ...others] = await all(textFile('csv', `\uFEFF${header}\n1,a,no`), 10);
    expect([only?.body, others]).toEqual([`${header}\n1,a,no`, []]);
  });

  it('with a quote that is never closed is refused in words', async () => {
    await expect(all(textFile('csv', `${header}\n1,"${'x'.repeat(9_000_000)}`), 10)).rejects.toThrow(
      /rows, line 2: .*a quote that is never closed/,
    );
  });

  it('may be UTF-16, as spreadsheets write it, or end its lines with carriage returns alone', async () => {
    const text = `${header}\n1,"é, →",no\n2,b,yes\n`;
    const [plain] = await all(textFile('csv', text), 10);
    const big = Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();
    const old = Buffer.from(text.replaceAll('\n', '\r'));
    for (const bytes of [Buffer.from(`\uFEFF${text}`, 'utf16le'), big, old])
      for (const chunkBytes of [5, 64 * 1024])
        if (bytes !== old || chunkBytes > 5)
          expect((await all(textFile('csv', bytes, chunkBytes), 10)).map(({ body }) => body)).toEqual([plain?.body]);
  });

  it('is shown as it is read: quoted names may hold what parts the others', () => {
    const body = 'id;"note; free";age\n7;"said ""ja""; then\nno";38\n';
    const batches = new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() }));
    const piece = { file: 'a', body, contentType: 'text/csv', rows: 1, unit: 'line' as const, share: 1 };
    expect(previewOf(piece, batches, 'm', new Map(), NOW_MS).columns).toMatchObject([
      { name: 'id', example: '7' },
      { name: 'note; free', example: 'said "ja"; then\nno' },
      { name: 'age', example: '38' },
    ]);
  });
});

describe('whole lines', () => {
  it('are those that following cells byte by byte finds', () => {
    const plain = (bytes: Buffer, isTable: boolean): number => {
      let [end, isQuoted, begins, openedAt] = [0, false, true, 0];
      const text = bytes.toString().replace(/^\uFEFF/, '   ');
      for (let at = 0; at < text.length; at += 1) {
        const [byte, next] = [text.charAt(at), text.charAt(at + 1)];
        if (isQuoted && byte === '"' && next === '"') at += 1;
        else if (isQuoted && byte === '"') {
          isQuoted = false;
          const lineEnd = text.indexOf('\n', openedAt);
          const isBelow = text.slice(openedAt, at).includes('\n');
          if (isBelow && next === '') return end;
          if (isBelow && !',;\t|\r\n'.includes(next)) {
            // It is of its own line alone: the letters behind it begin anew with the next.
            [at, end, begins] = [lineEnd, lineEnd + 1, true];
            continue;
          }
        } else if (!isQuoted && byte === '"' && begins && isTable) {
          isQuoted = true;
          openedAt = at;
        } else if (!isQuoted && byte === '\n') end = at + 1;
        begins = !isQuoted && (',;\t|\n'.includes(byte) || (at === 2 && bytes[0] === 0xef));
      }
      return end;
    };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('"', '\n', 'a', '""', ',', ',"'), { maxLength: 40 }),
        fc.boolean(),
        fc.boolean(),
        (parts, isTable, isMarked) => {
          const bytes = Buffer.from(`${isMarked ? '\uFEFF' : ''}${parts.join('')}`);
          const { bytes: found } = wholeLines(bytes, { isTable, mostRows: Infinity, takesRest: false });
          expect(found).toBe(plain(bytes, isTable));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('a quote that is never closed', () => {
  const rows = '1,2,3\n'.repeat(20_000);
  const cut = (text: string, takesRest = false): number =>
    wholeLines(Buffer.from(text), { isTable: true, mostRows: 5_000, takesRest }).lines;

  it('is of its own line, once no cell is as long as what is behind it, or nothing more comes', () => {
    expect(cut(`7,"open,yes\n${rows}`)).toBe(5_000);
    expect(cut('7,"open,yes\n1,2,3\n')).toBe(0);
    expect(cut('7,"open,yes\n1,2,3\n', true)).toBe(2);
    expect(cut(`7,"open,yes\n${rows}8,"b",no\n${rows}`)).toBe(5_000);
  });

  it('costs an import its own row', async () => {
    const pieces = await all(textFile('csv', `a,b,prediction\n7,"open,yes\n${rows.repeat(80)}`), 5_000);
    expect(pieces.reduce((sum, each) => sum + each.rows, 0)).toBe(1_600_001);
    const [first] = pieces;
    expect(parseBatch(first?.body ?? '', 'text/csv', NOW_MS)).toMatchObject({ rejected: 1 });
  });
});

describe('a JSON document', () => {
  it('is an array of rows, cut; or a row a line, whatever it is called', async () => {
    const rows = Array.from({ length: 7 }, (_, i) => ({ prediction: 'yes', features: { i } }));
    const pieces = await all(textFile('json', JSON.stringify(rows)), 3);
    expect(pieces.map((piece) => piece.rows)).toEqual([3, 3, 1]);
    expect(pieces.flatMap(({ body }) => JSON.parse(body) as unknown[])).toEqual(rows);
    const [lines] = await all(textFile('json', rows.map((row) => JSON.stringify(row)).join('\n')), 3);
    expect(parseBatch(lines?.body ?? '', lines?.contentType ?? '', NOW_MS).observations).toHaveLength(7);
  });

  it('of SageMaker’s data capture is a call a line', async () => {
    const capture = JSON.stringify({
      captureData: {
        endpointInput: { observedContentType: 'text/csv', mode: 'INPUT', data: '34,1200', encoding: 'CSV' },
        endpointOutput: { observedContentType: 'text/csv', mode: 'OUTPUT', data: '0.8', encoding: 'CSV' },
      },
      eventMetadata: { eventId: 'e-1', inferenceTime: '2026-05-01T12:00:00Z' },
      eventVersion: '0',
    });
    const [piece] = await all(textFile('lines', `${capture}\n${capture.replace('e-1', 'e-2')}\n`), 100);
    const { observations, rejected } = parseBatch(piece?.body ?? '', piece?.contentType ?? '', NOW_MS);
    expect([observations.length, rejected]).toEqual([2, 0]);
    expect(observations[0]).toMatchObject({ predictionId: 'e-1', atMs: Date.parse('2026-05-01T12:00:00Z') });
  });
});

describe('a Parquet file', () => {
  function parquetFile(compression: string): OpenFile {
    const bytes = readFileSync(join(import.meta.dirname, `../../../../data/parquet/people.${compression}.parquet`));
    const buffer = new Uint8Array(bytes).buffer;
    return {
      name: 'people.parquet',
      kind: 'parquet',
      sizeBytes: bytes.length,
      stream: () => ({ chunks: (async function* () {})(), readBytes: null }),
      parts: () => Promise.resolve({ byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) }),
      isReadOnce: false,
    };
  }

  it.each(['snappy', 'zstd', 'gzip'])('compressed by %s is a table with its own types', async (compression) => {
    const pieces = await all(parquetFile(compression), 40);
    expect(pieces.map((piece) => piece.rows)).toEqual([40, 40, 20, 40, 40, 20, 40, 40, 20]);
    const rows = pieces.flatMap(({ body, contentType }) => parseBatch(body, contentType, NOW_MS).observations);
    expect(rows).toHaveLength(300);
    expect(rows[3]).toMatchObject({
      predictionId: String(2n ** 60n + 3n),
      atMs: Date.parse('2026-01-01T00:03:00Z'),
      features: { age: 23, income: 1003.5, country: 'DE' },
      prediction: false,
      confidence: 0.8,
    });
    expect(rows[2]?.features).toMatchObject({ country: '007' });
    expect(rows[7]?.features).toMatchObject({ age: null });
    expect(rows[299]?.features).toMatchObject({ income: 1299.5 });
  });

  it.each([
    [
      'cut off',
      (bytes: Buffer) => bytes.subarray(0, bytes.length - 100),
      /^people\.parquet: its end, .* is missing: it was cut off/,
    ],
    [
      'damaged',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(400, 0xee), bytes.subarray(440)]),
      /^people\.parquet: its column “[a-z_]+” is damaged$/,
    ],
  ])('that is %s is named, in words', async (_, spoil, words) => {
    const whole = parquetFile('snappy');
    const bytes = new Uint8Array(spoil(Buffer.from((await (await whole.parts?.())?.slice(0)) ?? new ArrayBuffer(0))))
      .buffer;
    const parts = { byteLength: bytes.byteLength, slice: (start: number, end?: number) => bytes.slice(start, end) };
    await expect(all({ ...whole, parts: () => Promise.resolve(parts) }, 40)).rejects.toThrow(words);
  });

  it('names the column that holds no JSON, and nothing of what it holds', async () => {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../../../data/parquet/no-json.parquet')));
    const parts = { byteLength: bytes.length, slice: (from: number, to?: number) => bytes.slice(from, to).buffer };
    const reading = all({ ...parquetFile('snappy'), parts: () => Promise.resolve(parts) }, 40);
    await expect(reading).rejects.toThrow(
      /^people\.parquet: its column “note” is said to hold JSON, and a value of it is none: write it as text$/,
    );
  });

  it('from a stream is refused in words', async () => {
    await expect(all({ ...parquetFile('snappy'), parts: null }, 40)).rejects.toThrow(
      /Parquet cannot be read from a stream/,
    );
  });
});

it('knows what a file holds by its name, or by how it begins', () => {
  const names = ['a.csv', 'a.CSV.gz', 'b.tsv', 'c.jsonl', 'd.json', 'e.parquet', 'adult.data', 'f.txt'];
  expect(names.map(kindOfFile)).toEqual(['csv', 'csv', 'tsv', 'lines', 'json', 'parquet', 'csv', null]);
  expect(['\uFEFF{"a":1}', ' [1]', 'PAR1', 'a,b'].map(kindOfText)).toEqual(['lines', 'json', 'parquet', 'csv']);
});
