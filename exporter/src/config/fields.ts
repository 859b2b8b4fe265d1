import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { formatByteSize, parseByteSize } from './byte-size.js';
import { formatDuration, parseDuration } from './duration.js';

/** Raises a custom issue; `remedy` says what to write instead. */
function refuse(context: z.RefinementCtx, message: string, remedy: string): void {
  context.addIssue({ code: 'custom', message, params: { remedy } });
}

/** A duration such as `30s`, read as milliseconds within [low, high] (both given as durations). */
export function duration(low: string, high: string): z.ZodType<number, string | number> {
  const lowMs = parseDuration(low) ?? 0;
  const highMs = parseDuration(high) ?? Infinity;
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const durationMs = parseDuration(String(value));
    if (durationMs === null) {
      refuse(
        context,
        'must be a duration with a unit',
        'write a whole number with ms, s, m, h, d or w, e.g. 30s or 1h30m',
      );
      return z.NEVER;
    }
    if (durationMs < lowMs || durationMs > highMs) {
      refuse(
        context,
        `must lie between ${formatDuration(lowMs)} and ${formatDuration(highMs)}`,
        `write a duration from ${low} to ${high}`,
      );
      return z.NEVER;
    }
    return durationMs;
  });
}

/** A size such as `8MiB`, read as bytes within [low, high] (both given as sizes). */
export function byteSize(low: string, high: string): z.ZodType<number, string | number> {
  const lowBytes = parseByteSize(low) ?? 0;
  const highBytes = parseByteSize(high) ?? Infinity;
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const bytes = parseByteSize(String(value));
    if (bytes === null) {
      refuse(
        context,
        'must be a size with a unit',
        'write a whole number with B, KiB, MiB, GiB, kB, MB or GB, e.g. 8MiB',
      );
      return z.NEVER;
    }
    if (bytes < lowBytes || bytes > highBytes) {
      refuse(
        context,
        `must lie between ${formatByteSize(lowBytes)} and ${formatByteSize(highBytes)}`,
        `write a size from ${low} to ${high}`,
      );
      return z.NEVER;
    }
    return bytes;
  });
}

/** A share between 0 and 1, both included. */
export const share = (): z.ZodNumber => z.number().min(0).max(1);

/** A whole number within [low, high]. */
export const whole = (low: number, high: number): z.ZodNumber => z.number().int().min(low).max(high);

/** An `http:` or `https:` address without user name and password. */
export const httpUrl = (): z.ZodType<string, string> =>
  z
    .string()
    .max(2_048)
    .superRefine((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
        refuse(context, 'must be a whole http or https address', 'write e.g. https://models.example.org/predict');
      } else if (url.username !== '' || url.password !== '') {
        refuse(
          context,
          'must not carry a user name or password',
          'put the credential under `secrets` and name it in `authorization_secret`',
        );
      }
    });

/** A PostgreSQL connection URL. The message never repeats the text: it holds a password. */
export const postgresUrl = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    if (!URL.canParse(text) || !/^postgres(ql)?:\/\//.test(text)) {
      refuse(
        context,
        'must be a PostgreSQL connection URL',
        'write postgres://user:password@host:5432/database, or leave `database` out to use the embedded SQLite file',
      );
    }
  });

/** An absolute path on this machine. */
export const absolutePath = (): z.ZodType<string, string> =>
  z
    .string()
    .max(4_096)
    .superRefine((text, context) => {
      if (!isAbsolute(text)) refuse(context, 'must be an absolute path', 'write e.g. /opt/models/bin/rollback');
    });

/** A program with its arguments, the way the system takes them: no shell in between. */
export const commandLine = (): z.ZodArray<z.ZodString> =>
  z
    .array(z.string().max(4_096))
    .min(1)
    .max(100)
    .superRefine(([program], context) => {
      if (program === undefined || isAbsolute(program)) return;
      context.addIssue({
        code: 'custom',
        path: [0],
        message: 'must be the absolute path of a program',
        params: { remedy: 'write e.g. [/usr/bin/systemctl, restart, model.service]; arguments are items of their own' },
      });
    });

/** A repository on GitHub. */
export const ownerAndName = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    if (!/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(text))
      refuse(
        context,
        'must be the owner and the name of a repository',
        'write e.g. acme/fraud-model, without https://github.com/',
      );
  });

/** Texts by name, at least one. */
export const namedTexts = (): z.ZodRecord<z.ZodString, z.ZodString> =>
  z.record(label(200), z.string().max(4_096)).superRefine((texts, context) => {
    if (Object.keys(texts).length === 0)
      refuse(context, 'must name at least one label', 'write e.g. { model: "{model}" }');
  });

/** An IP address or host name to listen on. */
export const listenAddress = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    if (isIP(text) === 0 && text !== 'localhost') {
      refuse(
        context,
        'must be an IP address or localhost',
        'write 127.0.0.1 for this machine only, 0.0.0.0 for every interface',
      );
    }
  });

/** A range of addresses in CIDR notation (RFC 4632, RFC 4291). */
export const cidr = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    const [address = '', bits = '', rest] = text.split('/');
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    if (version === 0 || rest !== undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) {
      refuse(
        context,
        'must be an address range in CIDR notation',
        'write e.g. 10.0.0.0/8 or fd00::/8; one address is 10.1.2.3/32',
      );
    }
  });

/** A host name, or `*.` and a domain for all hosts below it. */
export const hostPattern = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    const name = text.startsWith('*.') ? text.slice(2) : text;
    const labels = name.split('.');
    if (name.length > 253 || !labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(label))) {
      refuse(
        context,
        'must be a host name',
        'write the name alone, e.g. models.example.org or *.example.org, without scheme and port',
      );
    }
  });

/** 1–64 characters a–z, 0–9 and `-`, starting and ending with a letter or digit (see domain/identifiers.ts). */
export const slug = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    if (!/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text)) {
      refuse(
        context,
        'must be 1–64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit',
        'write e.g. fraud-detector',
      );
    }
  });

/** A text of 1–`longest` characters. */
export const label = (longest: number): z.ZodString => z.string().min(1).max(longest);

/** An API key: `mlfi_`, 12 and 43 characters of base64url. The message never repeats the text. */
export const apiKeyText = (): z.ZodType<string, string> =>
  z.string().superRefine((text, context) => {
    if (!/^mlfi_[A-Za-z0-9-]{12}_[A-Za-z0-9_-]{43}$/.test(text)) {
      refuse(
        context,
        'must be an API key',
        'write mlfi_, 12 random characters of a–z, A–Z, 0–9 and "-", then "_" and 43 random characters of base64url',
      );
    }
  });
