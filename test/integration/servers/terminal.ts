import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const python = process.env['MLFI_PYTHON'] ?? 'python3';

/** A command on a pseudo-terminal, and a person who reads and types. */
export interface Terminal {
  /** All that was shown so far, control sequences included. */
  readonly shown: () => string;
  /** Waits for what is shown after what the last call waited for. @throws Error with all that was shown */
  readonly reads: (text: string) => Promise<void>;
  readonly types: (text: string) => void;
  /** @returns the exit code */
  readonly ended: Promise<number | null>;
  readonly stop: () => void;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
}

/** Starts a command on a pseudo-terminal, which Python makes: Node has none. */
export function onTerminal(
  command: readonly string[],
  { columns, cwd, environment = {}, patienceMs = 60_000 }: TerminalOptions,
): Terminal {
  const child = spawn(python, [join(import.meta.dirname, 'terminal.py'), String(columns), ...command], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let readTo = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  const isThere = (text: string): boolean => {
    const at = shown.indexOf(text, readTo);
    if (at >= 0) readTo = at + text.length;
    return at >= 0;
  };
  return {
    shown: () => shown,
    ended,
    async reads(text) {
      const untilMs = Date.now() + patienceMs;
      while (!isThere(text)) {
        if (Date.now() > untilMs || (child.exitCode !== null && !shown.includes(text, readTo)))
          throw new Error(`"${text}" was not shown: ${shown}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    types: (text) => void child.stdin.write(text),
    stop: () => void child.kill('SIGTERM'),
  };
}
