import { writeFileSync } from 'node:fs';
import { incidentId } from '../domain/identifiers.js';
import { isReportFormat, REPORT_FORMATS } from '../domain/report-format.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';

/** `mlfi report <incident|latest>`: the diagnostic report from the store. 0 written, 1 not found or refused. */
export async function report(
  { readReport }: Pick<Commands, 'readReport'>,
  incident: string,
  named: string | null,
  format: string,
  output: string | null,
): Promise<number> {
  if (!isReportFormat(format)) {
    console.error(`--format must be one of ${REPORT_FORMATS.join(', ')}, got "${format.slice(0, 40)}"`);
    return 1;
  }
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 1;
  const text = await readReport(config, incident === 'latest' ? null : incidentId(incident), format);
  if (text === null) {
    console.error(
      incident === 'latest' ? 'no incident is stored yet' : `there is no incident "${incident}" in this store`,
    );
    return 1;
  }
  if (output === null) process.stdout.write(text);
  else {
    writeFileSync(output, text);
    console.log(`${output} written`);
  }
  return 0;
}
