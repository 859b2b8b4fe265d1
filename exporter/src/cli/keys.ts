import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { parseDuration } from '../config/duration.js';
import { API_SCOPES, KEY_LIFE_SECONDS } from '../domain/api-key.js';
import type { Json } from '../domain/json.js';
import { timeText } from '../domain/time-text.js';
import type { Commands } from './commands.js';
import {
  addServiceOptions,
  askService,
  printAnswer,
  type ServiceAnswer,
  type ServiceOptions,
  type ServiceRequest,
} from './service-client.js';

interface KeyOptions extends ServiceOptions {
  readonly json?: boolean;
}

const shownKey = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  expires_at_ms: z.number().nullable(),
  last_used_at_ms: z.number().nullable(),
  revoked_at_ms: z.number().nullable(),
  replaced_by: z.string().nullable(),
});
type ShownKey = z.output<typeof shownKey>;
const issuedKey = z.object({ id: z.string(), key: z.string(), expires_at_ms: z.number().nullable() });

/** Adds the verbs of `mlfi key`, all of them asked of the running service. Exit code 0 done, 1 refused. */
export function addKeyVerbs(program: Command, { clock }: Pick<Commands, 'clock'>): void {
  const key = program.command('key').description('make, rotate and revoke API keys of a running mlfi');
  addServiceOptions(
    key.command('list').description('every key: what it may, when it was used last, and whether it still counts'),
  ).action(async (options: KeyOptions) => {
    process.exitCode = await ask(options, { method: 'GET', path: '/api/v1/keys' }, (body) =>
      listText(body, clock.now()),
    );
  });
  addServiceOptions(
    key
      .command('create')
      .argument('<name>', 'what people will know it by')
      .addArgument(new Argument('<scopes...>', 'what it may').choices(API_SCOPES))
      .description('make a key; its text is printed once'),
  )
    .option('--expires <duration>', 'how long it counts, e.g. 90d (default: until it is revoked)')
    .action(async (name: string, scopes: string[], options: KeyOptions & { expires?: string }) => {
      const { expires } = options;
      const seconds = expires === undefined ? undefined : secondsOf(expires);
      const wrong = seconds === undefined ? null : lifeProblem(seconds);
      process.exitCode =
        seconds === null || wrong !== null
          ? refuse(`--expires: "${expires ?? ''}" ${wrong ?? ''}`)
          : await ask(options, post('keys', { name, scopes, ...optional('expires_in_seconds', seconds) }), issuedText);
    });
  addServiceOptions(
    key
      .command('rotate')
      .argument('<id>')
      .description('make a key with the same name, scopes and lifetime; the old one ends after the overlap'),
  )
    .option('--overlap <duration>', 'how long both count; 0s ends the old one at once', '1d')
    .action(async (id: string, options: KeyOptions & { overlap: string }) => {
      const seconds = secondsOf(options.overlap);
      process.exitCode =
        seconds === null
          ? refuse(`--overlap: "${options.overlap}" is no duration; 1d is one`)
          : await ask(options, post(`keys/${encodeURIComponent(id)}/rotations`, { overlap_seconds: seconds }), (body) =>
              issuedText(body, `the old one counts for another ${options.overlap}`),
            );
    });
  addServiceOptions(
    key.command('revoke').argument('<id>').description('end a key and its open event streams at once'),
  ).action(async (id: string, options: KeyOptions) => {
    const request = { method: 'DELETE', path: `/api/v1/keys/${encodeURIComponent(id)}` } as const;
    process.exitCode = await ask(options, request, () => `${id} is revoked`);
  });
}

const post = (path: string, body: Json): ServiceRequest => ({ method: 'POST', path: `/api/v1/${path}`, body });
const optional = (name: string, value: number | undefined): Record<string, number> =>
  value === undefined ? {} : { [name]: value };

/** @returns whole seconds; null when the text is no duration */
function secondsOf(text: string): number | null {
  const durationMs = parseDuration(text);
  return durationMs === null ? null : Math.ceil(durationMs / 1_000);
}

/** @param seconds null for no duration @returns why no key lives so long, null when one may */
function lifeProblem(seconds: number | null): string | null {
  if (seconds === null) return 'is no duration; 90d is one';
  if (seconds < KEY_LIFE_SECONDS.shortest) return 'is too short; a key counts for 1m at least';
  return seconds > KEY_LIFE_SECONDS.longest
    ? 'is too long; a key counts for 3650d at most, or without --expires'
    : null;
}

const refuse = (reason: string): number => printAnswer({ kind: 'refused', status: null, reason }, false, () => '');

async function ask(options: KeyOptions, request: ServiceRequest, text: (body: Json) => string): Promise<number> {
  const answer: ServiceAnswer = await askService(options, request);
  return printAnswer(answer, options.json ?? false, text);
}

function listText(body: Json, nowMs: number): string {
  const { keys } = z.object({ keys: z.array(shownKey) }).parse(body);
  const rows = keys.map((one) => [
    one.id,
    one.name,
    one.scopes.join(','),
    one.last_used_at_ms === null ? 'never used' : `used ${timeText(one.last_used_at_ms)}`,
    stateOf(one, nowMs),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function stateOf({ revoked_at_ms, expires_at_ms, replaced_by }: ShownKey, nowMs: number): string {
  const successor = replaced_by === null ? '' : `, replaced by ${replaced_by}`;
  if (revoked_at_ms !== null) return `revoked ${timeText(revoked_at_ms)}${successor}`;
  if (expires_at_ms === null) return 'in force';
  return `${expires_at_ms <= nowMs ? 'expired' : 'in force until'} ${timeText(expires_at_ms)}${successor}`;
}

/** The key alone on its line, so that it can be copied; nothing shows it again. */
function issuedText(body: Json, besides = ''): string {
  const { id, key, expires_at_ms } = issuedKey.parse(body);
  const until = expires_at_ms === null ? 'until it is revoked' : `until ${timeText(expires_at_ms)}`;
  return [key, `(id ${id}, counts ${until}; shown this once${besides === '' ? '' : `; ${besides}`})`].join('\n');
}
