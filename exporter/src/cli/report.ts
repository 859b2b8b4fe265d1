import { writeFileSync } from 'node:fs';
import { incidentId } from '../domain/identifiers.js';
import { readReport } from '../main.js';
import { configurationFile, readConfiguration } from './configuration.js';

const FORMATS = ['markdown', 'html', 'json', 'csv'] as const;
type Format = (typeof FORMATS)[number];

/** `mlfi report <incident|latest>`: the diagnostic report from the store. 0 written, 1 not found or refused. */
export async function report(
  incident: string,
  named: string | null,
  format: string,
  output: string | null,
): Promise<number> {
  if (!(FORMATS as readonly string[]).includes(format)) {
    console.error(`--format must be one of ${FORMATS.join(', ')}, got "${format.slice(0, 40)}"`);
    return 1;
  }
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 1;
  const text = await readReport(config, incident === 'latest' ? null : incidentId(incident), format as Format);
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
