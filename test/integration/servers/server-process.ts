import { spawn } from 'node:child_process';

/** A server of another project, started by a test on loopback. */
export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly url: string;
  /** Path that answers 2xx once the server is ready. */
  readonly readyPath: string;
  readonly timeoutMs: number;
  /** SIGTERM where what it wrote is read afterwards. */
  readonly stopWith: 'SIGTERM' | 'SIGKILL';
}

const ASK_EVERY_MS = 100;
const OUTPUT_KEPT = 4_000;

/**
 * Starts a server and waits until it is ready. It has a process group of its own, which is what is stopped: servers such as MLflow's
 * start workers.
 * @throws Error with the end of its output when it stops or is not ready in time
 */
export async function startServerProcess(server: ServerCommand): Promise<ServerProcess> {
  const { command, args, url, readyPath, timeoutMs, stopWith } = server;
  const child = spawn(command, [...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('error', (error) => (output += error.message));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      if (hasEnded() || child.pid === undefined) {
        resolve();
        return;
      }
      child.once('exit', () => resolve());
      process.kill(-child.pid, stopWith);
    });
  const until = Date.now() + timeoutMs;
  for (;;) {
    if (hasEnded()) throw new Error(`${command} ended: ${output}`);
    const ready = await fetch(`${url}${readyPath}`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { url, stop };
    if (Date.now() > until) {
      await stop();
      throw new Error(`${command} was not ready within ${timeoutMs / 1_000} s: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
