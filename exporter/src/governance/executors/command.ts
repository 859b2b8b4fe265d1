import { spawn, type ChildProcess } from 'node:child_process';
import type { Execution } from '../../domain/decision.js';
import type { ExecutionOutcome } from '../../domain/ports.js';
import { plainText } from './outcome.js';
import type { Protocol, TargetContext } from './protocol.js';
import type { Plan } from '../../domain/executor.js';

const OUTPUT_BYTES = 8_192;
const SHOWN_CHARACTERS = 400;
const KILL_AFTER_MS = 2_000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const PIPES_AFTER_EXIT_MS = 500;

/**
 * Runs one program on this machine: no shell, arguments as they were approved, an environment of nothing but PATH, what is
 * configured, `MLFI_EXECUTION_ID`, `MLFI_ACTION`, `MLFI_MODEL`, `MLFI_CAUSE` and the target's secret as `MLFI_AUTHORIZATION`. Exit 0 succeeded, any other exit failed. Ended by
 * a signal, the deadline or the stop of mlfi: unknown. Who started it cannot be asked afterwards, so an execution is never begun twice.
 */
export function createCommandProtocol(stopping?: AbortSignal): Protocol<'command'> {
  const running = new Map<string, Promise<ExecutionOutcome>>();
  return {
    executor: 'command',
    repetition: 'none',
    prepare: ({ settings, timeoutMs }) =>
      Promise.resolve({
        kind: 'ready',
        text: `would run ${settings.arguments.map((text) => JSON.stringify(text)).join(' ')} in ${settings.directory}, for at most ${timeoutMs / 1_000} s`,
      }),
    execute(context, plan, execution) {
      const begun = running.get(execution.id) ?? run(context, plan, execution, stopping);
      running.set(execution.id, begun);
      return begun.finally(() => running.delete(execution.id));
    },
    lookup: () =>
      Promise.resolve({ kind: 'unknown', detail: 'what became of a program that nobody waited for is not recorded' }),
  };
}

function run(
  context: TargetContext<'command'>,
  plan: Plan,
  { id }: Execution,
  stopping?: AbortSignal,
): Promise<ExecutionOutcome> {
  const { settings, timeoutMs } = context;
  const [program = '', ...rest] = settings.arguments;
  const child = spawn(program, rest, {
    cwd: settings.directory,
    env: environmentOf(context, plan, id),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: false,
    // A group of its own, so that what the program started ends with it.
    detached: true,
  });
  const output = tailOf(child, context.withoutSecrets);
  return new Promise((resolve) => {
    let overdue: string | null = null;
    const endSoon = (why: string): void => {
      if (overdue !== null) return;
      overdue = why;
      end(child, 'SIGTERM');
      timers.push(
        setTimeout(() => {
          end(child, 'SIGKILL');
          // Something that left the group may hold the pipes open for ever.
          timers.push(setTimeout(() => finished(null, 'SIGKILL'), PIPES_AFTER_EXIT_MS));
        }, KILL_AFTER_MS),
      );
    };
    const timers = [setTimeout(() => endSoon(`stopped after ${timeoutMs / 1_000} s`), timeoutMs)];
    const stop = (): void => endSoon('stopped together with mlfi');
    stopping?.addEventListener('abort', stop);
    const settle = (outcome: ExecutionOutcome): void => {
      stopping?.removeEventListener('abort', stop);
      for (const timer of timers) clearTimeout(timer);
      resolve(outcome);
    };
    child.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      settle({
        kind: 'failed',
        detail: `not started: ${code === 'ENOENT' ? 'there is no such program or folder' : code}`,
      });
    });
    const finished = (code: number | null, signal: NodeJS.Signals | null): void => {
      const said = output();
      if (overdue !== null)
        settle({
          kind: 'unknown',
          detail: `${overdue}; what it did until then is not known${said}`,
        });
      else if (code === 0) settle({ kind: 'succeeded', detail: `the program ended with 0${said}` });
      else if (code !== null) settle({ kind: 'failed', detail: `the program ended with ${code}${said}` });
      else settle({ kind: 'unknown', detail: `the program was ended by ${signal ?? 'a signal'}${said}` });
    };
    child.on('exit', (code, signal) => {
      if (overdue === null) timers.push(setTimeout(() => finished(code, signal), PIPES_AFTER_EXIT_MS));
    });
    child.on('close', finished);
  });
}

function environmentOf(
  { settings, credential }: TargetContext<'command'>,
  { parameters }: Plan,
  id: string,
): NodeJS.ProcessEnv {
  const secret = credential();
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    PATH,
    ...settings.environment,
    MLFI_EXECUTION_ID: id,
    MLFI_ACTION: text(parameters['action']),
    MLFI_MODEL: text(parameters['model']),
    MLFI_CAUSE: text(parameters['cause']),
    ...(secret === null ? {} : { MLFI_AUTHORIZATION: secret }),
  };
}

function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended meanwhile.
  }
}

/** Keeps the end of what a program writes, and how to tell it. */
function tailOf(child: ChildProcess, withoutSecrets: (text: string) => string): () => string {
  let tail = Buffer.alloc(0);
  const add = (chunk: Buffer): void => {
    tail = Buffer.concat([tail, chunk]).subarray(-OUTPUT_BYTES);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return () => {
    const text = plainText(withoutSecrets(tail.toString('utf8')));
    return text === '' ? '' : `; it wrote: ${text.slice(-SHOWN_CHARACTERS)}`;
  };
}
