import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { knownKeys } from '../../../exporter/src/config/keys.js';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { Secret } from '../../../exporter/src/config/secret.js';
import { settingsSchema } from '../../../exporter/src/config/schema.js';
import { ONE_OF_EACH, withOwnKey } from './uncommented-example.js';

const SOURCE = join(import.meta.dirname, '../../../exporter/src');
const folder = mkdtempSync(join(tmpdir(), 'mlfi-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** A copy with another value at `path`, where `*` is the first name or position; undefined takes the key out. */
function withValue(value: unknown, [key, ...rest]: readonly string[], leaf: (now: unknown) => unknown): unknown {
  if (key === undefined) return leaf(value);
  if (isList(value)) {
    const [first, ...others] = value;
    return [withValue(first, rest, leaf), ...others];
  }
  if (!isBranch(value)) return value;
  const name = key === '*' ? (Object.keys(value)[0] ?? '') : key;
  return { ...value, [name]: withValue(value[name], rest, leaf) };
}

/** Two files for each kind of secret. */
const FILES: Readonly<Record<string, readonly [string, string]>> = {
  'database.url_file': ['postgres://a@db/mlfi', 'postgres://b@db/mlfi'],
  'api_keys.*.key_file': ['a', 'b'].map((one) => `mlfi_${one.repeat(12)}_${one.repeat(43)}`) as [string, string],
};
const fileOf = (path: readonly string[], which: 0 | 1): string => {
  const file = join(folder, String(which));
  writeFileSync(file, FILES[path.join('.')]?.[which] ?? String(which).repeat(40));
  return file;
};

// A policy may forbid to break the glass only where it may be broken at all.
const WRITTEN = withOwnKey(ONE_OF_EACH).replace(/(break_glass:\n.*\n +enabled: )false/, '$1true');
const EXAMPLE = z.record(z.string(), z.unknown()).parse(parse(WRITTEN));

/** The example with the key at `path` in it: where that is a file with a secret, in the place of the secret. */
function exampleWith(path: readonly string[]): unknown {
  // The other sections only take time, but for what is named in them.
  const [section = ''] = path;
  const key = path.at(-1) ?? '';
  const parent = path.slice(0, -1);
  const { secrets, identity, annotations } = EXAMPLE;
  const others = z.record(z.string(), z.unknown()).parse(secrets);
  const settings = {
    identity,
    annotations,
    secrets: { ...others, another: { value: 'b' } },
    [section]: EXAMPLE[section],
  };
  if (!key.endsWith('_file') || valuesAt(settings, path)[0] !== undefined) return settings;
  return withValue(settings, parent, (now) =>
    isBranch(now) ? { ...now, [key.slice(0, -'_file'.length)]: undefined, [key]: fileOf(path, 0) } : now,
  );
}

/** Secrets as they are, so that two of them differ. */
const plain = (value: unknown): unknown =>
  value instanceof Secret
    ? { secret: value.reveal() }
    : value instanceof Map
      ? Object.fromEntries([...value].map(([name, inner]) => [`#${String(name)}`, plain(inner)]))
      : Array.isArray(value)
        ? value.map(plain)
        : isBranch(value)
          ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
          : value;

function loaded(settings: unknown): unknown {
  const config = parseConfig('every-key', JSON.stringify(settings), {}, folder);
  return config.kind === 'ok' ? plain(config.config) : null;
}

/** The last named properties in which two configurations differ. */
function differing(one: unknown, other: unknown, name: string): readonly string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  if (!isBranch(one) || !isBranch(other)) return [name];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differing(one[key], other[key], /^(\d+|secret|#.*)$/.test(key) || name === 'approvals' ? name : key),
  );
}

/** Names that any code but the configuration's own reads off an object. */
function namesRead(): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) names.add(node.name.text);
    if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression))
      names.add(node.argumentExpression.text);
    if (ts.isBindingElement(node)) names.add((node.propertyName ?? node.name).getText());
    ts.forEachChild(node, visit);
  };
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((one) => one.endsWith('.ts') && !one.startsWith('config/')))
    visit(ts.createSourceFile(file, readFileSync(join(SOURCE, file), 'utf8'), ts.ScriptTarget.Latest, true));
  return names;
}

/** All words that stand in an enumeration of the schema. */
const SCHEMA = JSON.stringify(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }));
const WORDS = new Set(
  [...SCHEMA.matchAll(/"enum":(\[[^\]]*\])/g)].flatMap(([, list = '[]']) =>
    z.array(z.string()).parse(JSON.parse(list)),
  ),
);

/** Values a key might have besides the one it has. */
function others(value: unknown, path: readonly string[]): readonly unknown[] {
  if (path.at(-1)?.endsWith('_file') === true) return [fileOf(path, 1)];
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value - 1, value / 2, value * 1.1];
  if (Array.isArray(value))
    return [
      'more',
      '/bin/true',
      'k.example.org:9092',
      'https://more.example.org',
      '198.51.100.0/24',
      9_000,
      ...WORDS,
    ].map((one) => [one]);
  const text = typeof value === 'string' ? value : '';
  const times = ['7ms', '11s', '3m', '5h', '2d', '8d'];
  const sizes = ['3MiB', '300MiB'];
  if (/^\d+(ms|[smhdw])$/.test(text)) return times;
  if (/^\d+[KMG]iB$/.test(text)) return sizes;
  if (WORDS.has(text)) return [...WORDS];
  return [
    `${text}x`,
    `x${text}`,
    'another',
    'https://more.example.org/x',
    ...times,
    'a'.repeat(40),
    '17:30',
    '0.0.0.0',
    'Asia/Tokyo',
    text.replace(/.$/, 'b'),
    7,
  ];
}

/** Keys that another one must fit: what else is changed with them. */
const TOGETHER: Readonly<Record<string, object>> = {
  'governance.executors.kubernetes.*.operation': {
    operation: 'restart',
    actions: ['restart-endpoint'],
    add_replicas: undefined,
    most_replicas: undefined,
    models: ['another'],
  },
  'governance.executors.mlflow.*.operation': { operation: 'request-retraining', actions: ['retrain'] },
  'changes.queries.*.type': { type: 'timestamp', value_label: undefined },
  'sources.kafka.*.format': { format: 'cloudevents', model: undefined },
};

it('every key of the configuration changes something that the program reads', () => {
  const read = namesRead();
  const wrong = knownKeys().flatMap(({ path, kind }) => {
    if (kind === 'branch' || kind === 'items') return [];
    const base = exampleWith(path);
    const was = loaded(base);
    if (was === null) return [`${path.join('.')}: the example does not load`];
    let now: unknown = null;
    const together = TOGETHER[path.join('.')];
    const changed =
      together === undefined
        ? valuesAt(base, path)
            .flatMap((one) => others(one, path))
            .map((value) => withValue(base, path, () => value))
        : [withValue(base, path.slice(0, -1), (now) => ({ ...(isBranch(now) ? now : {}), ...together }))];
    for (const one of changed) {
      now = loaded(one);
      if (now !== null && JSON.stringify(now) !== JSON.stringify(was)) break;
      now = null;
    }
    if (now === null) return [`${path.join('.')}: no other value changes the configuration`];
    const names = differing(was, now, '');
    return names.some((name) => read.has(name)) ? [] : [`${path.join('.')}: nobody reads ${names.join(', ')}`];
  });
  expect(wrong).toEqual([]);
}, 120_000);

function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const seen: unknown[] = [];
  withValue(value, path, (now) => {
    seen.push(now);
    return now;
  });
  return seen;
}
