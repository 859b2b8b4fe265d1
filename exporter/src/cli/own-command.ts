import { basename, relative } from 'node:path';

const PLAIN = /^[\w./:@%+=,-]+$/;
const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** How this process was started. */
interface Started {
  readonly script: string;
  readonly nodeOptions: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const here = (): Started => ({
  script: process.argv[1] ?? 'mlfi',
  nodeOptions: process.execArgv,
  directory: process.cwd(),
  environment: process.env,
});

/** A command of mlfi that works where this one was typed: also where `mlfi` is not on the PATH. */
export function commandLine(words: readonly string[], started: Started = here()): string {
  const { script, nodeOptions, directory, environment } = started;
  // npx puts it on the PATH of this process, not of the terminal.
  const isInstalled = basename(script) === 'mlfi' && environment['npm_command'] !== 'exec';
  const near = relative(directory, script);
  const path = near.startsWith('..') || near === '' ? script : near;
  const program = isInstalled ? ['mlfi'] : ['node', ...nodeOptions, path];
  return [...program, ...words].map(quoted).join(' ');
}
