import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../exporter/src/metrics/catalogue.js';
import { alertRules } from '../../../provisioning/generate/prometheus/alerts.js';
import { Timing } from '../../../provisioning/generate/prometheus/rule.js';
import { managedRule, uidOf, withoutRecorded } from '../../../provisioning/generate/grafana/managed-rule.js';
import {
  faultsOf,
  type LintedDashboard,
  type LintedPanel,
} from '../../../provisioning/generate/grafana/dashboard-lint.js';
import { allFiles } from '../../../provisioning/generate/all-files.js';
import { DEFAULT_SETTINGS } from '../../../provisioning/generate/settings.js';
import {
  committedDashboards,
  committedRules,
  dashboardExpressions,
  metricsOf,
  ROOT,
  ruleExpressions,
} from '../../provisioning/expressions.js';
import { seriesNames } from '../../provisioning/series-names.js';

/** Every series name the exporter can render, histograms with their suffixes; `up` is Prometheus' own. */
async function knownMetrics(): Promise<ReadonlySet<string>> {
  const own = Object.entries(METRICS).flatMap(([name, metric]) => seriesNames(name, metric));
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const defaults = registry.getMetricsAsArray().map(({ name }) => name);
  return new Set(['up', ...own, ...defaults]);
}

const dashboards = committedDashboards();

describe('what is generated for Grafana', () => {
  it('is committed as it is generated (npm run provision)', async () => {
    const files = Object.entries(await allFiles(DEFAULT_SETTINGS));
    expect(files.length).toBeGreaterThan(dashboards.length);
    for (const [path, text] of files) expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(text);
  });

  it('has no file beside it that nothing generates', async () => {
    const generated = Object.keys(await allFiles(DEFAULT_SETTINGS));
    for (const folder of ['provisioning/grafana/dashboards', 'provisioning/grafana/alerting'])
      for (const file of readdirSync(join(ROOT, folder)))
        if (file !== 'provider.yaml') expect(generated).toContain(`${folder}/${file}`);
  });
});

describe('metrics named by dashboards and rules', () => {
  it.each([...dashboardExpressions(), ...ruleExpressions()])('$place: exist in the exporter', async ({ expr }) => {
    const known = await knownMetrics();
    const asked = metricsOf(expr);
    expect(asked.length, 'an expression asks for at least one metric').toBeGreaterThan(0);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it('are told from functions, labels and texts', () => {
    expect(
      metricsOf('sum by (mlfi_label) (rate(mlfi_a_total{job="mlfi_job", process_x="1"}[5m])) / on (up) nodejs_b'),
    ).toEqual(['mlfi_a_total', 'nodejs_b']);
  });
});

describe.each(dashboards)('dashboard $uid', (dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const queried = panels.filter(({ targets }) => (targets ?? []).length > 0);

  it('has a fixed uid, a description and the tag that lists it', () => {
    expect(dashboard.uid).toMatch(/^mlfi-[a-z]+$/);
    expect(dashboard.description).toMatch(/\.$/);
    expect(dashboard.tags).toContain('mlfi');
  });

  it('describes every panel in a sentence and gives it a unit', () => {
    for (const { title, description, type, fieldConfig } of panels) {
      expect(description, title).toMatch(/[a-z0-9)%]\.$/i);
      if (!type.startsWith('mlfi-')) expect(fieldConfig?.defaults?.unit, title).toBeTruthy();
    }
  });

  it('numbers its panels, without a number twice', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  it('asks the data source variable only, never a fixed one', () => {
    expect(dashboard.templating.list[0]?.name).toBe('datasource');
    for (const { title, datasource, targets } of queried) {
      expect(datasource?.uid, title).toBe('${datasource}');
      for (const target of targets ?? []) expect(target.datasource?.uid, title).toBe('${datasource}');
    }
  });

  it('links into the plugin and shows incidents, decisions and deployments', () => {
    expect(dashboard.links.some(({ url }) => url?.startsWith('/a/mlfi-investigator-app/'))).toBe(true);
    const names = dashboard.annotations.list.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Incidents', 'Decisions', 'Deployments']));
  });

  it('uses no model variable it does not have', () => {
    const has = dashboard.templating.list.some(({ name }) => name === 'model_name');
    const used = JSON.stringify(panels).includes('$model_name');
    expect(used).toBe(has);
  });
});

describe('the linter of dashboards', () => {
  const onDashboard = (
    panel: Partial<LintedPanel>,
    list: LintedDashboard['templating']['list'] = [],
  ): LintedDashboard => ({
    panels: [
      {
        type: 'timeseries',
        title: 'Short',
        gridPos: { w: 12, h: 8 },
        fieldConfig: { defaults: { unit: 'short' } },
        targets: [],
        ...panel,
      },
    ],
    templating: { list },
  });
  const line = (expr: string, legendFormat = '{{model_name}}') => ({ targets: [{ expr, legendFormat }] });

  it('finds nothing wrong with what is committed', () => {
    for (const dashboard of dashboards) expect(faultsOf(dashboard), dashboard.uid).toEqual([]);
  });

  it.each([
    ['a title that is cut', { title: 'Models with an open incident', gridPos: { w: 4, h: 4 } }, /title is cut/],
    ['a missing unit', { fieldConfig: { defaults: {} } }, /no unit/],
    ['a share drawn as 8.8e-12 %', { fieldConfig: { defaults: { unit: 'percentunit' } } }, /without decimals/],
    ['a line for each of any number of models', line('max by (model_name) (mlfi_up)'), /a line for every model_name/],
    ['a quantile of nothing', line('histogram_quantile(0.5, sum by (le) (a_bucket))', 'p50'), /NaN/],
    ['a quotient by nothing', line('sum(a) / sum(b)', 'share'), /NaN/],
    ['a table with raw heads', { type: 'table', ...line('max by (action) (a)') }, /head of action/],
    ['a table without an order', { type: 'table' }, /no order/],
  ] as const)('finds %s', (_, panel, fault) => {
    expect(faultsOf(onDashboard(panel)).join('; ')).toMatch(fault);
  });

  it('finds heads that do not fit, and variables nobody uses', () => {
    const renameByName = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`Value #${index}`, 'A long head']),
    );
    const wide = { type: 'table', transformations: [{ id: 'organize', options: { renameByName } }] };
    expect(faultsOf(onDashboard(wide)).join()).toMatch(/heads are cut/);
    expect(faultsOf(onDashboard({}, [{ name: 'model_name' }]))).toContain(
      'the variable model_name is used by no panel',
    );
  });

  it('lets lines be drawn that are kept few, or are of one model', () => {
    const few = 'max by (model_name) (a) and on (model_name) topk(10, max by (model_name) (a @ end()))';
    expect(faultsOf(onDashboard(line(few)))).toEqual([]);
    const one = line('max by (model_name) (a{model_name=~"$model_name"})');
    expect(faultsOf(onDashboard(one, [{ name: 'model_name', multi: false }]))).toEqual([]);
    expect(faultsOf(onDashboard(one, [{ name: 'model_name', multi: true }]))).toHaveLength(1);
  });
});

it('places the nested panels of the plugin on the model dashboard', () => {
  const model = dashboards.find(({ uid }) => uid === 'mlfi-model');
  expect(model?.panels.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['mlfi-approval-panel', 'mlfi-root-cause-panel']),
  );
});

describe.each(committedRules())('rule $title', (rule) => {
  it('is complete: uid, condition, severity, texts and links', () => {
    expect(rule.uid).toMatch(/^mlfi-[a-z0-9-]{1,35}$/);
    expect(rule.data.map(({ refId }) => refId)).toContain(rule.condition);
    for (const { model } of rule.data) {
      for (const [, refId] of (model.expression ?? '').matchAll(/\$?(cases|answered|fires)\b/g))
        expect(rule.data.map((query) => query.refId)).toContain(refId);
    }
    expect(rule.for).toMatch(/^\d+[smhd]$/);
    expect(['critical', 'warning', 'info']).toContain(rule.labels.severity);
    expect(rule.labels.origin).toBe('mlfi');
    expect(rule.annotations.summary).toMatch(/\.$/);
    expect(rule.annotations.summary).not.toContain('{{');
    expect(rule.annotations.description).not.toMatch(/\$value\b/);
    // While there is no data there is no such value, and asking for it by name ends the template.
    expect(JSON.stringify(rule.annotations)).not.toMatch(/\$values\.\w/);
    expect(rule.annotations.runbook_url).toBeUndefined();
    expect(rule.annotations.investigation_url).toMatch(/^https?:\/\/[^/]+\/a\/mlfi-investigator-app\//);
  });
});

it('gives every rule a uid and a name of its own', () => {
  const rules = committedRules();
  expect(new Set(rules.map(({ uid }) => uid)).size).toBe(alertRules(new Timing(), DEFAULT_SETTINGS).length);
  expect(new Set(rules.map(({ title }) => title)).size).toBe(alertRules(new Timing(), DEFAULT_SETTINGS).length);
});

describe('contact point and notification policy', () => {
  const read = (path: string): unknown => parse(readFileSync(join(ROOT, path), 'utf8'));

  interface Policy {
    readonly receiver: string;
    readonly object_matchers?: readonly (readonly [string, '=' | '!=', string])[];
    readonly continue?: boolean;
    readonly routes?: readonly Policy[];
  }
  /** Whom an alert reaches: the first child that matches and those after it that it lets through, else the parent. */
  const receiversOf = (policy: Policy, labels: Readonly<Record<string, string>>): readonly string[] => {
    const reached: string[] = [];
    for (const child of policy.routes ?? []) {
      const matches = (child.object_matchers ?? []).every(
        ([label, operator, value]) => ((labels[label] ?? '') === value) === (operator === '='),
      );
      if (!matches) continue;
      reached.push(...receiversOf(child, labels));
      if (child.continue !== true) break;
    }
    return reached.length > 0 ? reached : [policy.receiver];
  };

  it.each([
    ['about a model, from elsewhere', { model_name: 'fraud' }, ['mlfi investigator', 'grafana-default-email']],
    ['from elsewhere, about no model', { alertname: 'DiskFull' }, ['grafana-default-email']],
    ['of mlfi itself', { model_name: 'fraud', origin: 'mlfi' }, ['grafana-default-email']],
  ])('route an alert %s to those it concerns, once each', (_, labels, receivers) => {
    const { policies } = read('provisioning/grafana/notification-policy/policies.yaml') as { policies: [Policy] };
    expect(receiversOf(policies[0], labels as Readonly<Record<string, string>>)).toEqual(receivers);
  });

  it('hold no secret, only the files they are read from', () => {
    const text = readFileSync(join(ROOT, 'provisioning/grafana/alerting/contact-points.yaml'), 'utf8');
    const secrets = [...text.matchAll(/(credentials|secret): (.*)/g)].map(([, , value]) => value);
    expect(secrets).toHaveLength(2);
    for (const secret of secrets) expect(secret).toMatch(/^\$__file\{\/run\/secrets\/[a-z-]+\}$/);
  });
});

describe('a Prometheus rule made into a Grafana rule', () => {
  const rule = {
    alert: 'MlfiErrorBudgetBurn',
    expr: 'model:ratio:rate1h > 14.4 * 0.01 and on (model_name) up{job="a:b"} == 1',
    for: '2m',
    keep_firing_for: '10m',
    labels: { severity: 'critical', origin: 'mlfi', long_window: '1h' },
    annotations: {
      summary: 'A sentence.',
      description: '{{ $value | humanizePercentage }} of $values',
      cause: '{{ with printf "x" | query }}{{ . | first | value }}{{ end }}',
    },
  };
  const recorded = new Map([
    ['model:ratio:rate1h', 'model:errors:rate1h / (model:all:rate1h > 0)'],
    ['model:errors:rate1h', 'rate(errors_total[1h])'],
    ['model:all:rate1h', 'rate(all_total[1h])'],
  ]);

  it('asks for no recorded series, in the order of evaluation it had', () => {
    expect(withoutRecorded(rule.expr, recorded)).toBe(
      '((rate(errors_total[1h])) / ((rate(all_total[1h])) > 0)) > 14.4 * 0.01 and on (model_name) up{job="a:b"} == 1',
    );
    expect(() => withoutRecorded('model:unknown:x > 1', recorded)).toThrow('model:unknown:x is recorded by no rule');
    expect(() => withoutRecorded('model:all:rate1h{a="b"}', recorded)).toThrow('followed by a selector');
    expect(() => withoutRecorded('max_over_time(model:all:rate1h[5m])', recorded)).toThrow('or a range');
  });

  it('keeps times, labels and the annotations Grafana can fill in, with a uid of its own per window', () => {
    expect(uidOf(rule)).toBe('mlfi-error-budget-burn-1h');
    expect(managedRule(rule, recorded)).toMatchObject({
      title: 'MlfiErrorBudgetBurn (1h)',
      for: '2m',
      keepFiringFor: '10m',
      labels: rule.labels,
      annotations: {
        summary: 'A sentence.',
        description: '{{ (index $values "cases").Value | humanizePercentage }} of $values',
      },
    });
    expect(JSON.stringify(managedRule(rule, recorded))).not.toContain('query }}');
    expect(() => uidOf({ ...rule, alert: `Mlfi${'Long'.repeat(12)}` })).toThrow('longer than the 40');
  });
});
