/** What differs between installations. The committed files are made with the defaults. */
export interface ProvisionSettings {
  /** Where people open Grafana; the links of alerts start with it. */
  readonly grafanaUrl: string;
  /** The page whose headings are the alerts' names in lower case. */
  readonly runbookUrl: string;
}

export const DEFAULT_SETTINGS: ProvisionSettings = {
  grafanaUrl: 'http://localhost:3000',
  runbookUrl: 'https://git.example.org/mlfi/docs/runbooks.md',
};

/**
 * Reads `--grafana-url=…` and `--runbook-url=…`.
 * @throws Error naming the argument that is not known or is no http address
 */
export function settingsFrom(args: readonly string[]): ProvisionSettings {
  const settings = { ...DEFAULT_SETTINGS };
  for (const argument of args) {
    if (argument === '--check') continue;
    const [, name, value = ''] = /^--(grafana-url|runbook-url)=(.*)$/.exec(argument) ?? [];
    if (name === undefined)
      throw new Error(`${argument} is not known; there are --grafana-url=, --runbook-url=, --check`);
    if (!URL.canParse(value) || !value.startsWith('http'))
      throw new Error(`${argument}: write a whole http(s) address`);
    if (name === 'grafana-url') settings.grafanaUrl = value.replace(/\/+$/, '');
    else settings.runbookUrl = value;
  }
  return settings;
}
