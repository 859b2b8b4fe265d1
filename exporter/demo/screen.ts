import { redraw } from './render.js';

/** Where the demo writes: a terminal that is redrawn, or a log that only grows. */
export interface Screen {
  /** Prints lines that stay. */
  print(lines: readonly string[]): void;
  /**
   * Shows the live block, without a header where that is empty: redrawn in place on a terminal; on a log, lines that differ from last time,
   * at most every `quietMs`. No lines take it away.
   */
  show(header: string, live: readonly string[], nowMs: number): void;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const PLAIN_WIDTH = 100;

/** Columns to wrap at: the terminal's, between 60 and 120; 100 for a log. */
export const widthOf = (output: Output): number =>
  output.isTTY === true ? Math.min(120, Math.max(60, output.columns ?? PLAIN_WIDTH)) : PLAIN_WIDTH;

/** A screen on a terminal. */
export function terminalScreen(output: Output): Screen {
  let liveLines = 0;
  let live: readonly string[] = [];
  const draw = (permanent: readonly string[]): void => {
    output.write(redraw(liveLines, permanent, live, output.columns ?? PLAIN_WIDTH));
    liveLines = live.length;
  };
  return {
    print: draw,
    show(header, lines) {
      live = lines.length === 0 ? [] : ['', ...(header === '' ? [] : [header]), ...lines];
      draw([]);
    },
  };
}

/** A screen on a pipe or a log file: no control sequences; the table again every `quietMs` when it has changed. */
export function plainScreen(output: Output, quietMs: number): Screen {
  let shownAtMs = -Infinity;
  let shown = '';
  return {
    print(lines) {
      output.write(lines.map((line) => `${line}\n`).join(''));
    },
    show(header, lines, nowMs) {
      const table = lines.join('\n');
      if (lines.length === 0 || nowMs - shownAtMs < quietMs || table === shown) return;
      shownAtMs = nowMs;
      shown = table;
      output.write(header === '' ? `${table}\n` : `\n${header}\n${table}\n`);
    },
  };
}
