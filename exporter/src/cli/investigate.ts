import { parseDuration } from '../config/duration.js';
import type { Investigation, InvestigationProgress } from '../domain/investigation.js';
import type { Commands } from './commands.js';
import { typedTarget, WrongOption, type AskingOptions, type TypedTarget } from './asking-options.js';
import { investigationText } from './investigation-text.js';

export interface InvestigateOptions {
  readonly samples: string;
  /** Seconds, or a duration as in the configuration (`2s`). */
  readonly timeout: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly asking: AskingOptions;
}

export const EXIT_CODES: Readonly<Record<Investigation['verdict'], number>> = { healthy: 0, failing: 1, undecided: 2 };
const USAGE = 2;

/** `mlfi investigate <url>`: 0 healthy, 1 failing, 2 undecided. Progress goes to standard error. */
export async function investigateUrl(
  { investigateOnce, investigationJson }: Pick<Commands, 'investigateOnce' | 'investigationJson'>,
  url: string,
  options: InvestigateOptions,
): Promise<number> {
  const wrong = refusal(url, options);
  if (wrong !== null) {
    console.error(wrong);
    return USAGE;
  }
  let typed: TypedTarget;
  try {
    typed = typedTarget(options.asking);
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    console.error(error.message);
    return USAGE;
  }
  const investigation = await investigateOnce(url, {
    samples: Number(options.samples),
    timeoutMs: timeoutMsOf(options.timeout),
    ...typed,
    onProgress: showProgress,
    ...(options.verbose ? { onCall: showCall } : {}),
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  process.stdout.write(
    options.json
      ? investigationJson(investigation)
      : investigationText(investigation, typed.target.asking?.tls?.insecureSkipVerify === true),
  );
  return EXIT_CODES[investigation.verdict];
}

function refusal(url: string, options: InvestigateOptions): string | null {
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol)) {
    const withScheme = `http://${url.slice(0, 200)}`;
    const meant = !url.includes('://') && URL.canParse(withScheme) ? `; did you mean ${withScheme} (or https)?` : '';
    return `"${url.slice(0, 200)}" is not an address of a model${meant === '' ? '; give one like https://models.example.com/predict' : meant}`;
  }
  const samples = Number(options.samples);
  if (!Number.isInteger(samples) || samples < 5 || samples > 2_000)
    return `--samples must be a whole number from 5 to 2000, got "${options.samples}"`;
  const timeoutMs = timeoutMsOf(options.timeout);
  if (!(timeoutMs >= 100 && timeoutMs <= 300_000))
    return `--timeout must be 0.1 to 300 seconds, such as 2 or 2s, got "${options.timeout}"`;
  return null;
}

/** Milliseconds of a number of seconds, or of a duration as the configuration has it; NaN for anything else. */
export const timeoutMsOf = (text: string): number => parseDuration(text) ?? Number(text) * 1_000;

const clearLine = (): string => (process.stderr.isTTY ? '\r\u001b[K' : '');

function showCall(line: string): void {
  process.stderr.write(`${clearLine()}${line}\n`);
}

function showProgress(progress: InvestigationProgress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${progress.text}`);
  else process.stderr.write(`${progress.text}\n`);
}
