import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const EXAMPLE_FILE = join(import.meta.dirname, '../../../mlfi.example.yml');
export const EXAMPLE = readFileSync(EXAMPLE_FILE, 'utf8');

/** The example with every `#key:` line switched on. */
export const UNCOMMENTED = EXAMPLE.replaceAll(/^(\s*)#(?=[a-z-])/gm, '$1').replaceAll(
  /^(\s*(?:models|api_keys|webhooks|github_workflows|argo_workflows|kubernetes|mlflow|commands|alertmanager_silences|policies|freezes|local_people|queries|annotations|probe_modules|log_files|kafka|credentials)): (?:\[\]|\{\})$/gm,
  '$1:',
);

/** The same with one of each alternative: the secret itself, and not the file that holds it. A key of one's own is put in. */
export const ONE_OF_EACH = UNCOMMENTED.split('\n')
  .filter(
    (line) =>
      !/^\s*(url_file|value_file|signing_secret_file|shared_secret_file|token_file|grafana_token_file|key_file(?!: \S+kafka)):/.test(
        line,
      ),
  )
  .join('\n')
  .replaceAll(/(grafana|prometheus)_url: null/g, '$1_url: http://$1.example.org');

/** Everybody knows the key of the example, so it is refused. */
export const withOwnKey = (text: string): string => text.replace('mlfi_changemechan_', 'mlfi_abcdefghijkl_');
