import { readFileSync } from 'node:fs';
import type { Asking, AskedValue, AskingTls } from '../domain/asking.js';
import { openapiAddress } from '../domain/asking-schema.js';
import type { DiscoveryTarget } from '../domain/discovery.js';
import { type Json, parseJson } from '../domain/json.js';
import { CONNECTOR_IDS } from '../domain/model.js';

/** The options that say how a model is asked, as typed. */
export interface AskingOptions {
  /** `Name: value`, or `Name: @file` for a value that must not stand on a command line. */
  readonly header?: readonly string[];
  /** `name=value` or `name=@file`. */
  readonly query?: readonly string[];
  /** `name:password` or `name:@file`. */
  readonly basic?: string;
  readonly tokenFile?: string;
  /** JSON, or `@file` with one JSON value or one a line. */
  readonly payload?: string;
  readonly connector?: string;
  readonly method?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly prediction?: string;
  readonly confidence?: string;
  readonly classes?: string;
  /** Address of the OpenAPI document, or its path on the model's server. */
  readonly openapi?: string;
}

export interface TypedTarget {
  readonly target: Pick<DiscoveryTarget, 'asking' | 'connector' | 'payloads'>;
  /** Values that are never shown, by the name `target` has for them. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** An option that cannot be understood; the message is for whoever typed it and holds no value. */
export class WrongOption extends Error {}

export function fileText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new WrongOption(`${option}: ${file} cannot be read`);
  }
}

const valueText = (option: string, typed: string): string =>
  typed.startsWith('@') ? fileText(option, typed.slice(1)).trim() : typed;

/** @throws WrongOption */
export function pair(option: string, typed: string, separator: string): readonly [string, string] {
  const at = typed.indexOf(separator);
  const name = typed.slice(0, Math.max(at, 0)).trim();
  if (name === '')
    throw new WrongOption(`${option} takes a name and a value, such as "${option} NAME${separator}VALUE"`);
  return [name, typed.slice(at + 1).trim()];
}

function payloadsOf(typed: string): readonly Json[] {
  const text = typed.startsWith('@') ? fileText('--payload', typed.slice(1)) : typed;
  const parsed = (one: string): Json | undefined => {
    try {
      return parseJson(one);
    } catch {
      return undefined;
    }
  };
  const whole = parsed(text);
  if (whole !== undefined) return [whole];
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const payload = parsed(line);
    if (payload === undefined) throw new WrongOption(`--payload: line ${index + 1} is not JSON`);
    return payload;
  });
}

/**
 * What the options say about asking. Values of headers and parameters are kept as secrets, whichever they are: they are sent and
 * never shown.
 * @throws WrongOption
 */
export function typedTarget(options: AskingOptions): TypedTarget {
  const secrets = new Map<string, string>();
  const asSecret = (name: string, value: string): AskedValue => {
    secrets.set(name, value);
    return { secret: name };
  };
  const headers = headersOf(options, asSecret);
  const query: Record<string, AskedValue> = {};
  for (const typed of options.query ?? []) {
    const [name, value] = pair('--query', typed, '=');
    query[name] = asSecret(`query ${name}`, valueText('--query', value));
  }
  const { method } = options;
  if (method !== undefined && method !== 'POST' && method !== 'PUT') throw new WrongOption('--method is POST or PUT');
  const connector = CONNECTOR_IDS.find((id) => id === options.connector);
  if (options.connector !== undefined && connector === undefined)
    throw new WrongOption(`--connector is one of ${CONNECTOR_IDS.join(', ')}`);
  const asking: Asking = {
    ...unlessEmpty({ headers, query, pointers: pointersOf(options), tls: tlsOf(options) }),
    ...(method === undefined ? {} : { method }),
    ...(options.openapi === undefined ? {} : { openapi: documentAddress(options.openapi) }),
  };
  return {
    target: {
      ...unlessEmpty({ asking }),
      ...(connector === undefined ? {} : { connector }),
      ...(options.payload === undefined ? {} : { payloads: payloadsOf(options.payload) }),
    },
    secrets,
  };
}

/** @throws WrongOption */
function documentAddress(typed: string): string {
  const { success, data } = openapiAddress.safeParse(typed);
  if (success) return data;
  throw new WrongOption('--openapi is an http address, or a path of the model’s server such as /docs/openapi.json');
}

/** What has something in it. */
const unlessEmpty = <T extends Readonly<Record<string, object>>>(parts: T): Partial<T> =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)) as Partial<T>;

function headersOf(
  options: AskingOptions,
  asSecret: (name: string, value: string) => AskedValue,
): Record<string, AskedValue> {
  const headers: Record<string, AskedValue> = {};
  for (const typed of options.header ?? []) {
    const [name, value] = pair('--header', typed, ':');
    headers[name] = asSecret(`header ${name}`, valueText('--header', value));
  }
  if (options.tokenFile !== undefined)
    headers.authorization = asSecret('token', `Bearer ${fileText('--token-file', options.tokenFile).trim()}`);
  if (options.basic !== undefined) {
    const [user, password] = pair('--basic', options.basic, ':');
    const credentials = `${user}:${valueText('--basic', password)}`;
    headers.authorization = asSecret('basic', `Basic ${Buffer.from(credentials).toString('base64')}`);
  }
  return headers;
}

function tlsOf({ ca, cert, key, insecure }: AskingOptions): AskingTls {
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
    ...(insecure === true ? { insecureSkipVerify: true } : {}),
  };
}

/** @throws WrongOption */
function pointersOf({ prediction, confidence, classes }: AskingOptions): Record<string, string> {
  const pointers: Record<string, string> = {};
  for (const [name, pointer] of Object.entries({ prediction, confidence, classes })) {
    if (pointer === undefined) continue;
    if (!pointer.startsWith('/')) throw new WrongOption(`--${name} takes a JSON pointer such as /predictions/0/label`);
    pointers[name] = pointer;
  }
  return pointers;
}
