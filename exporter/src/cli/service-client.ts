import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { type Json, parseJson } from '../domain/json.js';

export interface ServiceOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** What a running mlfi answered: the body, or the sentence it refused with. */
export type ServiceAnswer =
  | { readonly kind: 'answer'; readonly body: Json }
  | {
      readonly kind: 'refused';
      readonly status: number | null;
      readonly reason: string;
      /** What came instead of an error: rows that were all refused, each with why. */
      readonly body?: Json;
    };

export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: Json;
  /** A body that is no JSON, in place of `body`. */
  readonly content?: { readonly type: string; readonly text: string };
  /** What comes is text, whether or not it reads as JSON. */
  readonly asText?: true;
  /** 30 s when absent. */
  readonly timeoutMs?: number;
}

/** Where the service is, and who asks it. */
export const addServiceAddress = (command: Command): Command =>
  command
    .option('--url <address>', 'address of the running mlfi (or MLFI_URL; default http://127.0.0.1:9899)')
    .option('--token-file <file>', 'file with your token or an API key (or MLFI_TOKEN)');

/** The same, of a command that prints what the service answered. */
export const addServiceOptions = (command: Command): Command =>
  addServiceAddress(command).option('--json', 'print what the service answered');

/** Text of models and people must not steer the terminal. */
const CONTROLS = /(?!\n)\p{Cc}/gu;

/** Prints what the service said. @returns the exit code: 0 done, 1 refused */
export function printAnswer(answer: ServiceAnswer, asJson: boolean, text: (body: Json) => string): number {
  if (answer.kind === 'refused') {
    console.error(answer.reason.replace(CONTROLS, ''));
    return 1;
  }
  console.log(asJson ? JSON.stringify(answer.body, null, 2) : text(answer.body).replace(CONTROLS, ''));
  return 0;
}

const DEFAULT_URL = 'http://127.0.0.1:9899';
const TIMEOUT_MS = 30_000;

/**
 * Asks the mlfi that runs at `--url` (or MLFI_URL) as whoever the token in `--token-file` (or MLFI_TOKEN) belongs to. A
 * token is never an argument, where other users of the machine could read it.
 */
export async function askService(
  { url, tokenFile }: ServiceOptions,
  { method, path, body, content, asText, timeoutMs }: ServiceRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ServiceAnswer> {
  const base = url ?? environment['MLFI_URL'] ?? DEFAULT_URL;
  if (!URL.canParse(base)) return refused(null, `--url: "${base.slice(0, 200)}" is no address; ${DEFAULT_URL} is one`);
  const token = tokenOf(tokenFile, environment);
  if (token === null)
    return refused(null, `--token-file: ${tokenFile} cannot be read; give a file that holds your token or an API key`);
  if (token === '')
    return refused(null, 'No credentials: pass --token-file, or set MLFI_TOKEN to your token or an API key');
  const answered = await fetch(new URL(path, base), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': content?.type ?? 'application/json' },
    signal: AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS),
    ...(content !== undefined ? { body: content.text } : body === undefined ? {} : { body: JSON.stringify(body) }),
  })
    .then(async (response) => ({ ok: response.ok, status: response.status, said: await response.text() }))
    .catch(() => null);
  if (answered === null) return refused(null, `nothing answers at ${base}; is mlfi running there? --url says where`);
  const { ok, status, said } = answered;
  if (ok && asText === true) return { kind: 'answer', body: said };
  const read = parsed(said);
  if (ok) return { kind: 'answer', body: read ?? said };
  const reason = refusalText(read);
  if (reason === null && read !== null) return { ...refused(status, `it answered ${status}`), body: read };
  return refused(status, reason ?? `it answered ${status}`);
}

/** @returns null when the file cannot be read; empty when nobody says a token */
function tokenOf(
  tokenFile: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  if (tokenFile === undefined) return environment['MLFI_TOKEN'] ?? '';
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch {
    return null;
  }
}

const refused = (status: number | null, reason: string): Extract<ServiceAnswer, { kind: 'refused' }> => ({
  kind: 'refused',
  status,
  reason,
});

function parsed(text: string): Json | null {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

const refusalSchema = z.object({ error: z.object({ message: z.string(), field: z.string().nullish() }) });

function refusalText(body: Json | null): string | null {
  const refused = refusalSchema.safeParse(body);
  if (!refused.success) return null;
  const { message, field } = refused.data.error;
  // Some messages name the field themselves.
  return field == null || message.startsWith(`${field}: `) ? message : `${field}: ${message}`;
}
