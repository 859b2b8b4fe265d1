import { counted } from '../domain/quantity-text.js';
import { readFileSync } from 'node:fs';
import type { AuditVerdict } from '../domain/audit.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';

export interface AuditVerifyOptions {
  readonly config?: string;
  readonly export?: string;
  readonly head?: string;
  readonly checkpoints?: string;
  readonly key?: string;
  readonly earlier?: string;
}

/** `mlfi audit verify`: 0 intact, 1 broken (the first bad entry is named), 2 nothing to verify. */
export async function auditVerify(
  commands: Pick<Commands, 'verifyStoredAudit' | 'verifyExportedAudit'>,
  options: AuditVerifyOptions,
): Promise<number> {
  let verdict: AuditVerdict;
  try {
    const held = {
      head: options.head ?? null,
      checkpoints: options.checkpoints === undefined ? null : textOf(options.checkpoints),
      key: options.key ?? null,
      earlier: options.earlier === undefined ? null : textOf(options.earlier),
    };
    if (options.export !== undefined) {
      verdict = await commands.verifyExportedAudit(textOf(options.export), held);
    } else {
      const config = readConfiguration(configurationFile(options.config ?? null));
      if (config === null) return 2;
      verdict = await commands.verifyStoredAudit(config, held);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the log could not be checked');
    return 2;
  }
  if (verdict.kind === 'intact') {
    console.log(
      `intact: ${counted(verdict.entries, 'entry', 'entries')}, head ${verdict.headHash}, root ${verdict.root}`,
    );
    return 0;
  }
  console.error(`broken at entry ${verdict.atSequence}: ${verdict.reason}`);
  return 1;
}

/** `mlfi audit export`: the log as JSON lines on standard output. */
export async function auditExport(
  { exportStoredAudit }: Pick<Commands, 'exportStoredAudit'>,
  named: string | null,
): Promise<number> {
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 2;
  await exportStoredAudit(config, (lines) => process.stdout.write(lines));
  return 0;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`${file} cannot be read`);
  }
}
