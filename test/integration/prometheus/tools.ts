import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** True when Debian's prometheus and prometheus-alertmanager are installed (`npm test -- servers` does). */
export const hasPrometheus = ['/usr/bin/promtool', '/usr/bin/prometheus', '/usr/bin/amtool'].every((file) =>
  existsSync(file),
);

export interface ToolResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs promtool or amtool; a failing check is a result, not an exception. */
export async function tool(name: 'promtool' | 'amtool', ...args: readonly string[]): Promise<ToolResult> {
  return outcome(run(name, [...args], { timeout: 60_000 }));
}

async function outcome(running: Promise<{ readonly stdout: string; readonly stderr: string }>): Promise<ToolResult> {
  try {
    const { stdout, stderr } = await running;
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}

/** `promtool check metrics` of an exposition in a file; it reads from standard input only. */
export async function checkMetrics(file: string): Promise<ToolResult> {
  return outcome(run('sh', ['-c', 'promtool check metrics < "$0"', file], { timeout: 60_000 }));
}
