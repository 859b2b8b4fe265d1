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

/** Bytes of whole lines, no more of them than a batch may hold rows. A line end within quotes ends no row of a table. */
export function wholeLines(bytes: Buffer, { isTable, mostRows, takesRest }: Cutting): WholeLines {
  const [quoteByte, lineEnd] = [34, 10];
  let [end, lines] = [0, 0];
  let quote = isTable ? bytes.indexOf(quoteByte) : -1;
  for (let at = bytes.indexOf(lineEnd); at >= 0; at = bytes.indexOf(lineEnd, at + 1)) {
    // Within quotes: on to where they end.
    while (quote >= 0 && quote < at) {
      const closing = bytes.indexOf(quoteByte, quote + 1);
      if (closing < 0) return takesRest ? { bytes: bytes.length, lines: lines + 1 } : { bytes: end, lines };
      quote = bytes.indexOf(quoteByte, closing + 1);
      if (closing > at) at = bytes.indexOf(lineEnd, closing);
      if (at < 0) return takesRest ? { bytes: bytes.length, lines: lines + 1 } : { bytes: end, lines };
    }
    end = at + 1;
    lines += 1;
    if (lines === mostRows) return { bytes: end, lines };
  }
  if (!takesRest || end === bytes.length) return { bytes: end, lines };
  return { bytes: bytes.length, lines: lines + 1 };
}
