import { expect, it } from 'vitest';
import { parquetPieces } from '../../../../../exporter/src/capture/sources/files/parquet-rows.js';

/** A whole number as Thrift's compact protocol writes it. */
function zigzag(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value * 2n;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A file of some fifty bytes, with a footer that says how many rows it has and nothing else. */
function fileThatClaims(rows: bigint) {
  const count = zigzag(rows);
  const schema = [0x19, 0x2c, 0x48, 6, ...Buffer.from('schema'), 0x15, 2, 0, 0x15, 2, 0x25, 2, 0x18, 1, 0x61, 0];
  const groups = [0x19, 0x1c, 0x19, 0x0c, 0x16, 0, 0x16, ...count, 0];
  const footer = Buffer.from([0x15, 2, ...schema, 0x16, ...count, ...groups, 0]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  const bytes = new Uint8Array(Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')])).buffer;
  return { byteLength: bytes.byteLength, slice: (start: number, end?: number) => bytes.slice(start, end) };
}

const read = async (rows: bigint, most?: number): Promise<void> => {
  for await (const piece of parquetPieces(fileThatClaims(rows), Number.MAX_SAFE_INTEGER, most)) void piece;
};

it('believes no footer that says more rows than are taken at once', async () => {
  await expect(read(50_000_000n, 10_000)).rejects.toThrow('it says that it has 50000000 rows; 10000 are taken at once');
});

it('makes no rows of a file that ends before it says', async () => {
  await expect(read(50_000_000n)).rejects.toThrow('ends before the file does');
});
