import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';

/** Questions to the person at the terminal. */
export interface Questions {
  /** @returns what was typed without spaces around it; null where it was ended with Ctrl-C or Ctrl-D */
  ask(text: string): Promise<string | null>;
  /** As `ask`; what is typed is not shown. */
  askHidden(text: string): Promise<string | null>;
  /** Whether the person has left: nothing more will be answered. */
  isEnded(): boolean;
  say(text: string): void;
  close(): void;
}

/** Whether somebody can be asked: both ends are a terminal. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks on the terminal of this process. */
export function terminalQuestions(): Questions {
  let isHidden = false;
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      if (!isHidden) process.stdout.write(chunk);
      done();
    },
  });
  const ended = new AbortController();
  // Nothing that was typed is offered again: it may be a key.
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  const end = (): void => ended.abort();
  reader.on('SIGINT', end);
  reader.on('close', end);
  const typed = async (text: string): Promise<string | null> => {
    try {
      return (await reader.question(text, { signal: ended.signal })).trim();
    } catch (error) {
      if (ended.signal.aborted) return null;
      throw error;
    }
  };
  return {
    ask: typed,
    async askHidden(text) {
      process.stdout.write(text);
      isHidden = true;
      const answer = await typed('');
      isHidden = false;
      process.stdout.write('\n');
      return answer;
    },
    isEnded: () => ended.signal.aborted,
    say: (text) => void process.stdout.write(`${text}\n`),
    close: () => reader.close(),
  };
}
