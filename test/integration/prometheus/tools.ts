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
  try {
    const { stdout, stderr } = await run(name, [...args], { timeout: 60_000 });
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}
