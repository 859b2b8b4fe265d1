/** What differs between installations. The committed files are made with the defaults. */
export interface ProvisionSettings {
  /** Where people open Grafana; the links of alerts start with it. */
  readonly grafanaUrl: string;
  /** Where docs/runbooks.md is published, whose headings are the alerts' names; null leaves its links out. */
  readonly runbookUrl: string | null;
}

export const DEFAULT_SETTINGS: ProvisionSettings = {
  grafanaUrl: 'http://localhost:3000',
  runbookUrl: null,
};

/**
 * Reads `--grafana-url=…` and `--runbook-url=…`.
 * @throws Error naming the argument that is not known or is no http address
 */
export function settingsFrom(args: readonly string[]): ProvisionSettings {
  const settings: { -readonly [Key in keyof ProvisionSettings]: ProvisionSettings[Key] } = { ...DEFAULT_SETTINGS };
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
