import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
const DASHBOARDS = join(ROOT, 'provisioning/grafana/dashboards');

export interface CommittedPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr?: string; readonly datasource?: { readonly uid?: string } }[];
}

export interface CommittedDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly panels: readonly CommittedPanel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly query?: unknown }[] };
  readonly links: readonly { readonly url?: string }[];
}

/** A PromQL expression with the place it stands at. */
export interface PlacedExpression {
  readonly place: string;
  readonly expr: string;
}

export const committedDashboards = (): readonly CommittedDashboard[] =>
  readdirSync(DASHBOARDS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as CommittedDashboard);

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly uid: string;
      readonly title: string;
      readonly condition: string;
      readonly for: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly data: readonly {
        readonly refId: string;
        readonly datasourceUid: string;
        readonly model: { readonly expr?: string; readonly expression?: string };
      }[];
    }[];
  }[];
}

export const committedRules = (): RuleFile['groups'][number]['rules'] =>
  (parse(readFileSync(join(ROOT, 'provisioning/grafana/alerting/rules.yaml'), 'utf8')) as RuleFile).groups.flatMap(
    ({ rules }) => rules,
  );

/** Every PromQL expression of the committed dashboards: panels and annotations. */
export const dashboardExpressions = (): readonly PlacedExpression[] =>
  committedDashboards().flatMap(({ uid, panels, annotations }) => [
    ...panels.flatMap(({ title, targets }) =>
      (targets ?? []).flatMap(({ expr }) => (expr === undefined ? [] : [{ place: `${uid} / ${title}`, expr }])),
    ),
    ...annotations.list.flatMap(({ name, expr }) =>
      expr === undefined ? [] : [{ place: `${uid} / annotation ${name}`, expr }],
    ),
  ]);

/** Every PromQL expression of the committed Grafana rules. */
export const ruleExpressions = (): readonly PlacedExpression[] =>
  committedRules().flatMap(({ title, data }) =>
    data.flatMap(({ model }) => (model.expr === undefined ? [] : [{ place: `rule ${title}`, expr: model.expr }])),
  );

/** Names of metrics an expression asks for, without what is quoted and without labels in `by (…)`. */
export function metricsOf(expr: string): readonly string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\{[^}]*\}/g, ' ');
  return [...new Set(bare.match(/\b(mlfi|process|nodejs|probe|up)(_[a-z0-9_]+)?\b/g) ?? [])];
}

/** The expression as Grafana would send it, with all models chosen. */
export const filledIn = (expr: string, model = '.*', rateInterval = '1m'): string =>
  expr
    .replaceAll('$model_name', model)
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__interval', '15s')
    .replaceAll('$__range', '15m');
