export interface Cutting {
  readonly isTable: boolean;
  readonly mostRows: number;
  /** The last line is taken as it is. */
  readonly takesRest: boolean;
}

export interface WholeLines {
  readonly bytes: number;
  readonly lines: number;
}

const [QUOTE, LINE_END] = [34, 10];
/** What a cell may begin behind, whichever of them the table has: `,` `;` tab `|` and a line end. */
const BEFORE_CELLS: ReadonlySet<number | undefined> = new Set([44, 59, 9, 124, LINE_END]);
/** What a cell ends before; undefined at the end. */
const endsCell = (byte: number | undefined): boolean => byte === undefined || byte === 13 || BEFORE_CELLS.has(byte);
/** No quoted cell is longer: a quote that is not closed within this is none. */
const LONGEST_CELL = 65_536;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes of whole lines, no more of them than a batch may hold rows. A line end within a quoted cell ends no row of a table. */
export function wholeLines(bytes: Buffer, { isTable, mostRows, takesRest }: Cutting): WholeLines {
  let [end, lines] = [0, 0];
  let quote = isTable ? openingQuote(bytes, 0) : -1;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) {
    // Within quotes: on to where they end. One that is never closed is of its own line alone, as whoever reads the rows takes it.
    while (quote >= 0 && quote < at) {
      const closing = closingQuote(bytes, quote);
      const mayClose =
        !takesRest && (closing < 0 ? bytes.length - quote <= LONGEST_CELL : closing + 1 === bytes.length);
      if (closing < 0 ? mayClose : mayClose && closing > at) return { bytes: end, lines };
      if (closing < 0 || (closing > at && !endsCell(bytes[closing + 1]))) {
        quote = openingQuote(bytes, at + 1);
        break;
      }
      quote = openingQuote(bytes, closing + 1);
      if (closing > at) at = bytes.indexOf(LINE_END, closing);
      if (at < 0) return takesRest ? { bytes: bytes.length, lines: lines + 1 } : { bytes: end, lines };
    }
    end = at + 1;
    lines += 1;
    if (lines === mostRows) return { bytes: end, lines };
  }
  if (!takesRest || end === bytes.length) return { bytes: end, lines };
  return { bytes: bytes.length, lines: lines + 1 };
}

/** The next quote that begins a cell; one within it is a letter like any other. -1 where there is none. */
function openingQuote(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at > 0 && !BEFORE_CELLS.has(bytes[at - 1]) && !bytes.subarray(0, at).equals(BYTE_ORDER_MARK))
    at = bytes.indexOf(QUOTE, at + 1);
  return at;
}

/** The quote that ends a cell: a doubled one stands for itself. -1 where there is none. */
function closingQuote(bytes: Buffer, opening: number): number {
  let at = bytes.indexOf(QUOTE, opening + 1);
  while (at >= 0 && bytes[at + 1] === QUOTE) at = bytes.indexOf(QUOTE, at + 2);
  return at;
}
