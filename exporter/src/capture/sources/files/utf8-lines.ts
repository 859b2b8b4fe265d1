const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** UTF-16 as Excel (“Unicode text”) and PowerShell write it, known by its byte order mark. */
const BYTE_ORDER_MARKS = [
  { first: 0xff, second: 0xfe, encoding: 'utf-16le' },
  { first: 0xfe, second: 0xff, encoding: 'utf-16be' },
] as const;

/** The same text in UTF-8, with line feeds where it has carriage returns alone (as old spreadsheets write). How it is written is seen by its first chunk. */
export async function* utf8Lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let convert: ((chunk: Buffer) => Buffer) | null = null;
  for await (const chunk of chunks) {
    convert ??= conversionOf(chunk);
    yield convert(chunk);
  }
}

function conversionOf(first: Buffer): (chunk: Buffer) => Buffer {
  const mark = BYTE_ORDER_MARKS.find((each) => first[0] === each.first && first[1] === each.second);
  if (mark !== undefined) {
    const decoder = new TextDecoder(mark.encoding);
    return (chunk) => Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
  }
  if (!first.includes(CARRIAGE_RETURN) || first.includes(LINE_FEED)) return (chunk) => chunk;
  return (chunk) => Buffer.from(chunk.map((byte) => (byte === CARRIAGE_RETURN ? LINE_FEED : byte)));
}
