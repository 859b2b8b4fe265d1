import { counted } from '../domain/quantity-text.js';
import { readFileSync } from 'node:fs';
import type { AuditVerdict } from '../domain/audit.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';
import { askService, type ServiceOptions } from './service-client.js';

/** A log of years is long. */
const EXPORT_MS = 600_000;

export interface AuditVerifyOptions extends ServiceOptions {
  readonly config?: string;
  readonly export?: string;
  readonly head?: string;
  readonly checkpoints?: string;
  readonly key?: string;
  readonly earlier?: string;
}

/** `mlfi audit verify`: 0 intact, 1 broken (the first bad entry is named), 2 nothing to verify. The log it checked is named. */
export async function auditVerify(
  commands: Pick<Commands, 'verifyStoredAudit' | 'verifyExportedAudit'>,
  options: AuditVerifyOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  let checked: { readonly log: string; readonly verdict: AuditVerdict } | null;
  try {
    checked = await verdictOn(commands, options, environment);
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the log could not be checked');
    return 2;
  }
  if (checked === null) return 2;
  const { log, verdict } = checked;
  if (verdict.kind === 'intact') {
    console.log(
      `intact: ${counted(verdict.entries, 'entry', 'entries')}, head ${verdict.headHash}, root ${verdict.root} (${log})`,
    );
    return 0;
  }
  console.error(`broken at entry ${verdict.atSequence}: ${verdict.reason} (${log})`);
  return 1;
}

/** An export, else the store of a configuration that is named, else the log of the mlfi that runs where `--url` or MLFI_URL says, else the store. */
async function verdictOn(
  commands: Pick<Commands, 'verifyStoredAudit' | 'verifyExportedAudit'>,
  options: AuditVerifyOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly log: string; readonly verdict: AuditVerdict } | null> {
  const held = {
    head: options.head ?? null,
    checkpoints: options.checkpoints === undefined ? null : textOf(options.checkpoints),
    key: options.key ?? null,
    earlier: options.earlier === undefined ? null : textOf(options.earlier),
  };
  if (options.export !== undefined)
    return {
      log: `the export ${options.export}`,
      verdict: await commands.verifyExportedAudit(textOf(options.export), held),
    };
  const url = options.url ?? (options.config === undefined ? environment['MLFI_URL'] : undefined);
  if (url !== undefined && url !== '') {
    const request = { method: 'GET', path: '/api/v1/audit/export', asText: true, timeoutMs: EXPORT_MS } as const;
    const answer = await askService({ ...options, url }, request, environment);
    if (answer.kind === 'refused') throw new Error(answer.reason);
    return {
      log: `the log of ${new URL(url).origin}`,
      verdict: await commands.verifyExportedAudit(typeof answer.body === 'string' ? answer.body : '', held),
    };
  }
  const config = readConfiguration(configurationFile(options.config ?? null));
  if (config === null) return null;
  const log = config.database.kind === 'sqlite' ? `the store ${config.database.file}` : 'the store on PostgreSQL';
  return { log, verdict: await commands.verifyStoredAudit(config, held) };
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
