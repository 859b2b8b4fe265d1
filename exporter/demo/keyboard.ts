/** Single keys of the person at the terminal. */
export interface Keyboard {
  /** Calls `onKey` with every key until `close`; lower case. Ctrl-C is passed on as a signal instead. */
  readonly listen: (onKey: (key: string) => void) => void;
  /** Gives the terminal back. */
  readonly close: () => void;
}

interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode(isRaw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  off(event: 'data', listener: (text: string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const CTRL_C = '\u0003';

/** The keys typed at a terminal, each at once, without Enter. `onInterrupt`: Ctrl-C, which a raw terminal sends as a key. */
export function terminalKeyboard(input: TerminalInput, onInterrupt: () => void): Keyboard {
  let heard: ((key: string) => void) | null = null;
  const take = (text: string): void => {
    for (const key of text) {
      if (key === CTRL_C) onInterrupt();
      else heard?.(key.toLowerCase());
    }
  };
  return {
    listen(onKey) {
      if (heard === null) {
        input.setEncoding('utf8');
        input.setRawMode(true);
        input.on('data', take);
        input.resume();
      }
      heard = onKey;
    },
    close() {
      if (heard === null) return;
      heard = null;
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
    },
  };
}
