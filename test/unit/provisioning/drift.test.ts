import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../../exporter/src/metrics/catalogue.js';
import { allFiles } from '../../../provisioning/generate/all-files.js';
import { alertRules } from '../../../provisioning/generate/prometheus/alerts.js';
import { metric, Timing } from '../../../provisioning/generate/prometheus/rule.js';
import { DEFAULT_SETTINGS, settingsFrom } from '../../../provisioning/generate/settings.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('generated files', () => {
  it('are committed as the generators write them (npm run provision)', async () => {
    const files = await allFiles(DEFAULT_SETTINGS);
    expect(Object.keys(files)).toContain('docs/metrics.md');
    for (const [path, text] of Object.entries(files)) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(read(path), `${path} is stale: npm run provision`).toBe(text);
    }
  });

  it('leave no rule file behind that nobody makes', async () => {
    const made = Object.keys(await allFiles(DEFAULT_SETTINGS));
    for (const name of readdirSync(join(root, 'provisioning/prometheus/rules')))
      expect(made).toContain(`provisioning/prometheus/rules/${name}`);
  });

  it('take the addresses of an installation, and nothing else', () => {
    const settings = settingsFrom(['--grafana-url=https://grafana.example.org/']);
    expect(alertRules(new Timing(), settings)[0]?.annotations['investigation_url']).toBe(
      'https://grafana.example.org/a/mlfi-investigator-app/models/{{ $labels.model_name }}/incident',
    );
    expect(() => settingsFrom(['--grafana=x'])).toThrow('--grafana=x is not known');
    expect(() => settingsFrom(['--grafana-url=javascript:1'])).toThrow('http');
  });
});

describe('every alert', () => {
  const published = 'https://wiki.example.com/mlfi/runbooks';
  const rules = alertRules(new Timing(), { ...DEFAULT_SETTINGS, runbookUrl: published });
  const runbooks = read('docs/runbooks.md');

  it.each(rules.map((rule) => [rule.alert, rule.labels['long_window'] ?? '', rule] as const))(
    '%s %s',
    (_, __, rule) => {
      expect(rule.alert).toMatch(/^Mlfi[A-Z][A-Za-z]+$/);
      expect(['critical', 'warning', 'info']).toContain(rule.labels['severity']);
      expect(rule.labels['origin']).toBe('mlfi');
      expect(rule.annotations['summary']).toMatch(/^[^{]+\.$/);
      expect(rule.annotations['description']).toMatch(/[.]$/);
      expect(rule.annotations['runbook_url']).toBe(`${published}#${rule.alert.toLowerCase()}`);
      expect(rule.annotations['investigation_url']).toContain('/a/mlfi-investigator-app/');
      const section = new RegExp(`^## ${rule.alert}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(runbooks)?.[1] ?? '';
      for (const part of ['**Means**', '**Look**', '**Do**']) expect(section, `${rule.alert} ${part}`).toContain(part);
    },
  );

  it('links to no runbook that is not published', () => {
    const texts = JSON.stringify(alertRules(new Timing(), DEFAULT_SETTINGS));
    expect(texts).not.toContain('runbook_url');
  });

  it('has a runbook, and every runbook an alert', () => {
    const headings = [...runbooks.matchAll(/^## (Mlfi\w+)$/gm)].map(([, name]) => name);
    expect([...new Set(headings)].sort()).toEqual([...new Set(rules.map(({ alert }) => alert))].sort());
  });

  it('names metrics of the catalogue only', () => {
    for (const file of readdirSync(join(root, 'provisioning/prometheus/rules'))) {
      const exprs = read(`provisioning/prometheus/rules/${file}`);
      for (const [name] of exprs.matchAll(/(?<![\w:])mlfi_[a-z0-9_]+(?![\w:])/g)) {
        if (['mlfi_scope', 'mlfi_role'].includes(name)) continue;
        expect(Object.keys(METRICS), `${file}: ${name}`).toContain(name.replace(/_(bucket|sum|count)$/, ''));
      }
    }
    expect(() => metric('mlfi_model_up', '_bucket')).toThrow('not a histogram');
    expect(() => metric('mlfi_model_latency_seconds' satisfies MetricName)).toThrow('is a histogram');
  });
});
