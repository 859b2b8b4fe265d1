import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { hasPrometheus, tool } from './tools.js';

const source = join(import.meta.dirname, '../../../provisioning');
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-alertmanager-'));
  file = join(folder, 'alertmanager.yml');
  // The committed file, with the paths of a container replaced by those of this machine.
  const committed = readFileSync(join(source, 'alertmanager/alertmanager.yml'), 'utf8')
    .replaceAll('/etc/alertmanager/templates', join(source, 'alertmanager/templates'))
    .replaceAll('/run/secrets/', `${folder}/`);
  writeFileSync(file, committed);
  for (const secret of ['slack-page-url', 'slack-ticket-url'])
    writeFileSync(join(folder, secret), 'http://127.0.0.1:1/');
  writeFileSync(join(folder, 'mlfi-ingest-key'), 'key');
  writeFileSync(join(folder, 'mlfi-read-key'), 'key');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OWN = ['origin=mlfi', 'mlfi_scope=model', 'model_name=fraud'];

describe.skipIf(!hasPrometheus)('alertmanager.yml', () => {
  it('is what amtool takes', async () => {
    const checked = await tool('amtool', 'check-config', file);
    expect(checked.ok, checked.output).toBe(true);
    expect(checked.output).toContain('4 inhibit rules');
  });

  it.each([
    ['a page', [...OWN, 'severity=critical'], 'mlfi-page'],
    ['a ticket', [...OWN, 'severity=warning'], 'mlfi-ticket'],
    ['a page of a story', [...OWN, 'story=s1', 'severity=critical'], 'mlfi-page'],
    ['a ticket of a story', [...OWN, 'story=s1', 'severity=warning'], 'mlfi-ticket'],
    ['information', [...OWN, 'severity=info'], 'mlfi-none'],
    ['mlfi about itself', ['origin=mlfi', 'mlfi_scope=service', 'severity=critical'], 'mlfi-page'],
    [
      'an alert of the team about a model',
      ['alertname=SlowCheckout', 'model_name=fraud', 'severity=warning'],
      'mlfi-investigate,team',
    ],
    ['one that calls it model', ['alertname=SlowCheckout', 'model=fraud'], 'mlfi-investigate,team'],
    ['an alert about something else', ['alertname=DiskFull', 'severity=critical'], 'team'],
    ['an own alert never comes back to mlfi', [...OWN, 'severity=critical', 'model=fraud'], 'mlfi-page'],
  ])('%s goes to its receiver', async (_, labels, receiver) => {
    const routed = await tool(
      'amtool',
      'config',
      'routes',
      'test',
      `--config.file=${file}`,
      `--verify.receivers=${receiver}`,
      ...labels,
    );
    expect(routed.ok, routed.output).toBe(true);
  });

  it('loses no receiver of the team when a route is added that goes on', async () => {
    // The trap: without the last route, `continue` alone takes the team's own receiver away.
    const configuration = parse(readFileSync(file, 'utf8')) as { route: { routes: unknown[] } };
    configuration.route.routes.pop();
    const broken = join(folder, 'broken.yml');
    writeFileSync(broken, stringify(configuration));
    const routed = await tool(
      'amtool',
      'config',
      'routes',
      'test',
      `--config.file=${broken}`,
      '--verify.receivers=mlfi-investigate,team',
      'model=fraud',
    );
    expect(routed.ok).toBe(false);
  });
});

describe.skipIf(!hasPrometheus)('the words of a notification', () => {
  const alertOf = (model: string, status: 'firing' | 'resolved' = 'firing', job = 'mlfi-models'): object => ({
    status,
    labels: { alertname: 'MlfiModelUnreachable', model_name: model, job, severity: 'critical' },
    annotations: { summary: 'A model does not answer.', description: `${model} does not answer.`, cause: 'none' },
  });
  /** As Alertmanager gives it to its templates. */
  async function words(part: 'title' | 'text', alerts: readonly object[], common: object): Promise<string> {
    const data = {
      status: JSON.stringify(alerts).includes('"firing"') ? 'firing' : 'resolved',
      alerts,
      commonLabels: { severity: 'critical', ...common },
      commonAnnotations: { summary: 'A model does not answer.' },
    };
    const written = join(folder, 'data.json');
    writeFileSync(written, JSON.stringify(data));
    const { ok, output } = await tool(
      'amtool',
      'template',
      'render',
      `--template.glob=${join(source, 'alertmanager/templates/*.tmpl')}`,
      `--template.text={{ template "mlfi.${part}" . }}`,
      `--template.data=${written}`,
    );
    expect(ok, output).toBe(true);
    return output.trim();
  }
  const many = Array.from({ length: 23 }, (_, i) => `m${i}`);

  it('names 20 models of many, while they fail and when they are over', async () => {
    const firing = many.map((name) => alertOf(name));
    expect(await words('title', firing, {})).toBe(
      `[CRITICAL ×23] ${many.slice(0, 20).join(', ')} and 3 more: A model does not answer.`,
    );
    expect(await words('text', firing, {})).toMatch(/• m19 does not answer\. Cause: none\n• and 3 more\n/);
    const over = many.map((name) => alertOf(name, 'resolved'));
    expect(await words('title', over, {})).toBe(
      `[RESOLVED] ${many.slice(0, 20).join(', ')} and 3 more: A model does not answer.`,
    );
    expect(await words('text', over, {})).toMatch(/• over: m19: A model does not answer\.\n• over: 3 more$/);
  });

  it('names once what two jobs scrape', async () => {
    const twice = [alertOf('a'), alertOf('a', 'firing', 'other')];
    expect(await words('title', twice, { model_name: 'a' })).toBe('[CRITICAL ×2] a: A model does not answer.');
    expect(await words('title', [...twice, alertOf('aa')], {})).toBe('[CRITICAL ×3] a, aa: A model does not answer.');
  });

  it('names in the title what still fails, and in the text also what is over', async () => {
    const both = [alertOf('a', 'resolved'), alertOf('b')];
    expect(await words('title', both, {})).toBe('[CRITICAL] b: A model does not answer.');
    expect(await words('text', both, {})).toContain('• over: a: A model does not answer.');
  });
});

describe.skipIf(!hasPrometheus)('prometheus.yml', () => {
  it('is what promtool takes', async () => {
    const path = join(folder, 'prometheus.yml');
    writeFileSync(
      path,
      readFileSync(join(source, 'prometheus/prometheus.yml'), 'utf8')
        .replaceAll('/etc/prometheus/rules', join(source, 'prometheus/rules'))
        .replaceAll('/run/secrets/', `${folder}/`),
    );
    const checked = await tool('promtool', 'check', 'config', path);
    expect(checked.ok, checked.output).toBe(true);
    expect(checked.output).toContain('3 rule files found');
  });
});
