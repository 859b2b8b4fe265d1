// What a terminal showed, as lines: of the control sequences those that the demo writes.

/**
 * @param shown pieces of output with when they came
 * @param columns a longer line goes on below
 * @param end nothing is taken from the line on that begins so
 * @returns all lines after each piece that changed them; `settled` are those that no later piece took back
 */
export function screensOf(shown, columns, end) {
  const lines = [''];
  let row = 0;
  let cut = Infinity;
  const screens = [];
  for (const { atMs, text } of shown) {
    // eslint-disable-next-line no-control-regex -- these are what a terminal is told by
    for (const [token, up] of text.matchAll(/\u001b\[(\d+)A|\u001b\[[\d;?]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g)) {
      if (up !== undefined) row = Math.max(0, row - Number(up));
      else if (token === '\u001b[0J') {
        lines.length = row + 1;
        lines[row] = '';
      } else if (token === '\n') {
        row += 1;
        if (row === lines.length) lines.push('');
      } else if (token !== '\r' && !token.startsWith('\u001b')) lines[row] += token;
    }
    const ending = lines.findIndex((line) => line.startsWith(end));
    if (ending >= 0) cut = ending;
    const now = lines.slice(0, cut).flatMap((line) => rowsOf(line.trimEnd(), columns));
    while (now.at(-1) === '') now.pop();
    if (now.join('\n') !== screens.at(-1)?.lines.join('\n')) screens.push({ atMs, lines: now });
    if (cut < Infinity) break;
  }
  return screens.map((screen, index) => ({ ...screen, settled: settledAt(screens, index) }));
}

const rowsOf = (line, columns) =>
  Array.from({ length: Math.max(1, Math.ceil(line.length / columns)) }, (_, row) =>
    line.slice(row * columns, (row + 1) * columns),
  );

/** How many of the lines are the same in all later screens. */
function settledAt(screens, index) {
  const { lines } = screens[index];
  let same = lines.length;
  for (const later of screens.slice(index + 1)) {
    let at = 0;
    while (at < same && later.lines[at] === lines[at]) at += 1;
    same = at;
  }
  return same;
}
