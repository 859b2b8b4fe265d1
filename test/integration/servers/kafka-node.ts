import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One process of Kafka, with its data in a folder. */
export interface KafkaNode {
  /** Starts it, or starts it again on the same data. */
  readonly start: () => Promise<void>;
  /** As a crash does; its data stays. */
  readonly kill: () => Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/**
 * @param formatting what `StorageTool format` is told besides
 * @param isThere whether it answers
 * @throws Error with what Kafka says when its folder cannot be made
 */
export function kafkaNode(
  jars: string,
  folder: string,
  settings: Readonly<Record<string, string>>,
  formatting: readonly string[],
  isThere: () => Promise<boolean>,
): KafkaNode {
  const properties = join(folder, 'server.properties');
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(properties, lines.join(''));
  const java = ['-Xmx256m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')];
  const formatted = spawnSync(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties, ...formatting],
    { encoding: 'utf8' },
  );
  if (formatted.status !== 0) throw new Error(`Kafka cannot be formatted: ${formatted.stdout}${formatted.stderr}`);
  let child: ChildProcess | null = null;
  return {
    async start() {
      const started = spawn('java', [...java, 'kafka.Kafka', properties], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: folder,
      });
      child = started;
      let output = '';
      const keep = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-4_000);
      };
      started.stdout.on('data', keep);
      started.stderr.on('data', keep);
      const until = Date.now() + READY_WITHIN_MS;
      for (;;) {
        if (started.exitCode !== null) throw new Error(`Kafka ended: ${output}`);
        if (output.includes('Kafka Server started')) return;
        if (await isThere()) return;
        if (Date.now() > until) throw new Error(`Kafka was not ready in time: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
