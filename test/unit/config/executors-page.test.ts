import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../exporter/src/config/load.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/executors.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```yaml\n((?:secrets|governance):[\s\S]*?)```/g)].map(([, text]) => text ?? '');

it('has an example of every kind of target', () => {
  const kinds = EXAMPLES.flatMap((text) => {
    const { governance } = parse(text) as { governance: { webhooks?: unknown; executors?: Record<string, unknown> } };
    return [...(governance.webhooks === undefined ? [] : ['webhooks']), ...Object.keys(governance.executors ?? {})];
  });
  expect(kinds.sort()).toEqual([
    'alertmanager_silences',
    'argo_workflows',
    'commands',
    'github_workflows',
    'kubernetes',
    'mlflow',
    'webhooks',
  ]);
});

it.each(EXAMPLES)('loads the example as it stands: %s', (text) => {
  const written = parse(text) as { secrets?: Record<string, unknown> };
  const named = [...text.matchAll(/authorization_secret: ([a-z-]+)/g)].map(([, name]) => name ?? '');
  // The reader's files are not here; that the names lead somewhere is.
  const secrets = Object.fromEntries(
    [...Object.keys(written.secrets ?? {}), ...named].map((name) => [name, { value: 'x' }]),
  );
  const loaded = parseConfig(
    'page',
    stringify({ ...written, secrets }).replace(/signing_secret_file: .*/, 'signing_secret: x'),
    {},
    '/',
  );
  expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
});
