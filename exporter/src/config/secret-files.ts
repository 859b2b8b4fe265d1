import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SecretsByKey } from './config.js';
import { MIN_SECRET_LENGTH } from './decisions-schema.js';
import type { PlacedProblem } from './problem.js';
import type { Settings } from './schema.js';
import { Secret } from './secret.js';

interface SecretSlot {
  /** Dotted key under which the secret is handed on. */
  readonly key: string;
  readonly valuePath: readonly (string | number)[];
  readonly value: string | undefined;
  readonly file: string | undefined;
  readonly required: boolean;
  /** What a text read from a file must look like; texts in the configuration are checked by the schema. */
  readonly form: { readonly pattern: RegExp; readonly message: string } | null;
}

const MAX_SECRET_BYTES = 65_536;
const LONG = {
  pattern: new RegExp(`^.{${MIN_SECRET_LENGTH},}$`),
  message: `the file it names holds fewer than ${MIN_SECRET_LENGTH} characters`,
};

/** Collects all secrets; those given as `*_file` are read, without one newline at the end. Texts never enter a problem. */
export function readSecrets(
  settings: Settings,
  directory: string,
): { readonly secrets: SecretsByKey; readonly problems: readonly PlacedProblem[] } {
  const secrets = new Map<string, Secret>();
  const problems: PlacedProblem[] = [];
  for (const slot of slotsOf(settings)) {
    const inFile = slot.file !== undefined && slot.value === undefined;
    const path = inFile ? fileKeyOf(slot.valuePath) : slot.valuePath;
    const read = !inFile ? { text: slot.value } : readSecret(resolve(directory, slot.file), slot.form);
    const rotates = inFile && slot.key.startsWith('secrets.');
    if ('problem' in read) {
      problems.push({
        path,
        message: read.problem,
        remedy: 'name a readable file that holds the secret and nothing else',
      });
    } else if (read.text !== undefined)
      secrets.set(slot.key, new Secret(read.text, rotates ? () => textOf(slot, directory) : null));
    else if (slot.required) {
      problems.push({
        path: path.slice(0, -1),
        message: 'holds no secret',
        remedy: `add \`${String(slot.valuePath.at(-1))}\` or \`${String(slot.valuePath.at(-1))}_file\``,
      });
    }
  }
  return { secrets, problems: [...problems, ...apiKeyProblems(settings, secrets)] };
}

/** Characters of an API key up to the end of its id. */
const KEY_START = 'mlfi_'.length + 12;
/** The key of mlfi.example.yml, which everybody knows. */
const EXAMPLE_KEY = 'mlfi_changemechan_';

/** Keys that cannot be told apart, of which the last would stand for all, and the one of the documentation. */
function apiKeyProblems({ api_keys }: Settings, secrets: SecretsByKey): readonly PlacedProblem[] {
  const texts = api_keys.map((_, index) => secrets.get(`api_keys.${index}.key`)?.reveal() ?? null);
  return api_keys.flatMap(({ name, key }, index) => {
    const text = texts[index] ?? null;
    if (text === null) return [];
    const path = ['api_keys', index, key === undefined ? 'key_file' : 'key'];
    const made = 'docs/add-to-existing.md says how to make one';
    if (text.startsWith(EXAMPLE_KEY))
      return [
        {
          path,
          message: 'is the key of the example, which everybody knows',
          remedy: `write a key of your own; ${made}`,
        },
      ];
    const start = text.slice(0, KEY_START);
    const earlier = texts.findIndex((other) => other?.startsWith(start) === true);
    const other = earlier < index ? api_keys[earlier] : undefined;
    if (other === undefined) return [];
    const message =
      texts[earlier] === text
        ? `"${name}" has the same key as "${other.name}", and a key has one name and its scopes`
        : `the key of "${name}" begins as that of "${other.name}" does: the 12 characters after mlfi_ are the id of a key`;
    return [{ path, message, remedy: `give each a key of its own, or keep one entry; ${made}` }];
  });
}

function slotsOf(settings: Settings): readonly SecretSlot[] {
  return [
    {
      key: 'database.url',
      valuePath: ['database', 'url'],
      value: settings.database.url,
      file: settings.database.url_file,
      required: false,
      form: { pattern: /^postgres(ql)?:\/\//, message: 'the file it names holds no PostgreSQL connection URL' },
    },
    ...settings.api_keys.map((apiKey, index) => ({
      key: `api_keys.${index}.key`,
      valuePath: ['api_keys', index, 'key'],
      value: apiKey.key,
      file: apiKey.key_file,
      required: true,
      form: {
        pattern: /^mlfi_[A-Za-z0-9-]{12}_[A-Za-z0-9_-]{43}$/,
        message: 'the file it names holds no key of the form mlfi_<12 characters>_<43 characters of base64url>',
      },
    })),
    {
      key: 'annotations.token',
      valuePath: ['annotations', 'token'],
      value: settings.annotations.token,
      file: settings.annotations.token_file,
      required: false,
      form: null,
    },
    ...Object.entries(settings.secrets).map(([name, secret]) => ({
      key: `secrets.${name}`,
      valuePath: ['secrets', name, 'value'],
      value: secret.value,
      file: secret.value_file,
      required: true,
      form: null,
    })),
    ...settings.governance.webhooks.map((target, index) => ({
      key: `governance.webhooks.${index}.signing_secret`,
      valuePath: ['governance', 'webhooks', index, 'signing_secret'],
      value: target.signing_secret,
      file: target.signing_secret_file,
      required: false,
      form: null,
    })),
    {
      key: 'audit.grafana_token',
      valuePath: ['audit', 'grafana_token'],
      value: settings.audit.grafana_token,
      file: settings.audit.grafana_token_file,
      required: false,
      form: null,
    },
    {
      key: 'identity.grafana.shared_secret',
      valuePath: ['identity', 'grafana', 'shared_secret'],
      value: settings.identity.grafana.shared_secret,
      file: settings.identity.grafana.shared_secret_file,
      required: false,
      form: LONG,
    },
    ...settings.identity.local_people.map((person, index) => ({
      key: `identity.local_people.${index}.token`,
      valuePath: ['identity', 'local_people', index, 'token'],
      value: person.token,
      file: person.token_file,
      required: true,
      form: LONG,
    })),
  ];
}

/** The secret as its file holds it now, null when that cannot be used. */
function textOf({ file, form }: SecretSlot, directory: string): string | null {
  const read = file === undefined ? null : readSecret(resolve(directory, file), form);
  return read === null || 'problem' in read ? null : read.text;
}

function fileKeyOf(path: readonly (string | number)[]): readonly (string | number)[] {
  return [...path.slice(0, -1), `${String(path.at(-1))}_file`];
}

function readSecret(file: string, form: SecretSlot['form']): { readonly text: string } | { readonly problem: string } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { problem: `the file it names cannot be read (${code})` };
  }
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') return { problem: 'the file it names is empty' };
  if (bytes.length > MAX_SECRET_BYTES) return { problem: 'the file it names is larger than 64 KiB' };
  if (/[\r\n\0]/.test(text)) return { problem: 'the file it names holds more than one line' };
  return form === null || form.pattern.test(text) ? { text } : { problem: form.message };
}
