import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { planFor } from '../../../exporter/src/domain/action-target.js';

const SUBJECT = { action: 'rollback', cause: 'model-changed', features: ['amount'], version: '1.4.0' } as const;

function configOf(text: string, directory = '/') {
  const loaded = parseConfig('mlfi.yml', text, {}, directory);
  if (loaded.kind === 'refused') expect.fail(JSON.stringify(loaded.problems));
  return loaded.config;
}

it('sends an action to the place that names the model before one for all, and takes the silence along', () => {
  const { targets } = configOf(`
governance:
  webhooks:
    - { name: all, url: 'https://ci.example.org', actions: [rollback, retrain] }
  executors:
    commands:
      - { name: fraud, actions: [rollback], models: [fraud], run: [/bin/rollback, '{model}', '--from={version}'] }
    alertmanager_silences:
      - { name: quiet, actions: [rollback], url: 'http://am:9093', matchers: { model: '{model}' }, at_most: 5m }
`).governance;
  expect(planFor(targets, { ...SUBJECT, model: 'fraud' })).toMatchObject({
    executor: 'command',
    target: 'fraud',
    parameters: {
      model: 'fraud',
      settings: { arguments: ['/bin/rollback', 'fraud', '--from=1.4.0'] },
      silence: { target: 'quiet', settings: { matchers: { model: 'fraud' }, atMostMs: 300_000 } },
    },
  });
  expect(planFor(targets, { ...SUBJECT, model: 'churn' })).toMatchObject({
    executor: 'webhook',
    target: 'https://ci.example.org',
    parameters: { action: 'rollback', model: 'churn', features: ['amount'], version: '1.4.0' },
  });
  expect(planFor(targets, { ...SUBJECT, action: 'scale-out', model: 'churn' })).toBeNull();
  expect(planFor(targets, { ...SUBJECT, action: 'retrain', model: 'churn' })?.parameters).not.toHaveProperty('silence');
});

it('follows a secret that is rotated in its file, as Kubernetes does with tokens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-secret-'));
  const file = join(folder, 'token');
  writeFileSync(file, 'first\n');
  const { secrets } = configOf('secrets: { cluster: { value_file: token } }', folder);
  expect(secrets.get('cluster')?.reveal()).toBe('first');
  writeFileSync(file, 'second\n');
  expect(secrets.get('cluster')?.reveal()).toBe('second');
  rmSync(folder, { recursive: true });
  expect(secrets.get('cluster')?.reveal()).toBe('second');
});
