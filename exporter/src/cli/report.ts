import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { incidentId } from '../domain/identifiers.js';
import { isReportFormat, REPORT_FORMATS, type ReportFormat } from '../domain/report-format.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';
import { askService, printAnswer, type ServiceOptions } from './service-client.js';

export interface ReportOptions extends ServiceOptions {
  readonly config?: string;
  readonly format: string;
  readonly output?: string;
}

const newestSchema = z.object({ incidents: z.array(z.object({ id: z.string() })) });

/**
 * `mlfi report <incident|latest>`: the diagnostic report, of the running service where its address or a token is given, else
 * from the store the configuration names. 0 written, 1 not found or refused.
 */
export async function report(
  commands: Pick<Commands, 'readReport'>,
  incident: string,
  options: ReportOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const { format } = options;
  if (!isReportFormat(format)) {
    console.error(`--format must be one of ${REPORT_FORMATS.join(', ')}, got "${format.slice(0, 40)}"`);
    return 1;
  }
  const told = [options.url, options.tokenFile, environment['MLFI_URL'], environment['MLFI_TOKEN']];
  const asksService = options.config === undefined && told.some((one) => one !== undefined && one !== '');
  const text = asksService
    ? await fromService(incident, format, options)
    : await fromStore(commands, incident, format, options.config ?? null);
  if (text === null) return 1;
  if (options.output === undefined) process.stdout.write(text);
  else {
    writeFileSync(options.output, text);
    console.log(`${options.output} written`);
  }
  return 0;
}

/** @returns null when there is none; then why was printed */
async function fromStore(
  { readReport }: Pick<Commands, 'readReport'>,
  incident: string,
  format: ReportFormat,
  named: string | null,
): Promise<string | null> {
  const config = readConfiguration(configurationFile(named));
  if (config === null) return null;
  const text = await readReport(config, incident === 'latest' ? null : incidentId(incident), format);
  if (text === null)
    console.error(
      incident === 'latest' ? 'no incident is stored yet' : `there is no incident "${incident}" in this store`,
    );
  return text;
}

async function fromService(incident: string, format: ReportFormat, options: ServiceOptions): Promise<string | null> {
  const id = incident === 'latest' ? await newest(options) : incident;
  if (id === null) return null;
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/report?format=${format}`;
  const answer = await askService(options, { method: 'GET', path });
  if (answer.kind === 'answer')
    return typeof answer.body === 'string' ? answer.body : `${JSON.stringify(answer.body, null, 2)}\n`;
  printAnswer(answer, false, () => '');
  return null;
}

async function newest(options: ServiceOptions): Promise<string | null> {
  const answer = await askService(options, { method: 'GET', path: '/api/v1/incidents?limit=1' });
  if (answer.kind === 'refused') {
    printAnswer(answer, false, () => '');
    return null;
  }
  const [incident] = newestSchema.parse(answer.body).incidents;
  if (incident === undefined) console.error('there is no incident yet');
  return incident?.id ?? null;
}
