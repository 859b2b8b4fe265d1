import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../exporter/src/metrics/catalogue.js';
import { alertRules } from '../../../provisioning/generate/prometheus/alerts.js';
import { Timing } from '../../../provisioning/generate/prometheus/rule.js';
import { managedRule, uidOf, withoutRecorded } from '../../../provisioning/generate/grafana/managed-rule.js';
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
    expect(rule.annotations.runbook_url).toMatch(/#[a-z]+$/);
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
      annotations: { summary: 'A sentence.', description: '{{ $values.cases.Value | humanizePercentage }} of $values' },
    });
    expect(JSON.stringify(managedRule(rule, recorded))).not.toContain('query }}');
    expect(() => uidOf({ ...rule, alert: `Mlfi${'Long'.repeat(12)}` })).toThrow('longer than the 40');
  });
});
