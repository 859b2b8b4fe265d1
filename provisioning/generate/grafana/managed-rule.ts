import type { AlertRule } from '../prometheus/rule.js';

/** uid of the data source in provisioning/grafana/datasources. */
const PROMETHEUS_UID = 'prom';
const LOOK_BACK_SECONDS = 600;
const LONGEST_UID = 40;
/** A quoted text, or the name of a recorded series. */
const TEXT_OR_RECORDED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|(?<![\w:.])[a-zA-Z_]\w*:[\w:]+/g;

/**
 * The expression without recorded series: where Grafana evaluates the alerts nobody records them.
 * @param recorded name of a recording rule → its expression, which may name others
 * @throws Error when a name is not known, or stands before a selector or a range, where an expression cannot
 */
export function withoutRecorded(expr: string, recorded: ReadonlyMap<string, string>): string {
  return expr.replaceAll(TEXT_OR_RECORDED, (name: string, offset: number) => {
    if (/^["'`]/.test(name)) return name;
    const inner = recorded.get(name);
    if (inner === undefined) throw new Error(`${name} is recorded by no rule`);
    if (/^\s*[{[]/.test(expr.slice(offset + name.length)))
      throw new Error(`${name} is followed by a selector or a range, and its expression cannot be`);
    return `(${withoutRecorded(inner, recorded)})`;
  });
}

/** `MlfiErrorBudgetBurn`, `1h` → `mlfi-error-budget-burn-1h`: stays when the title changes. */
export function uidOf({ alert, labels }: AlertRule): string {
  const words = alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const uid = labels.long_window === undefined ? words : `${words}-${labels.long_window}`;
  if (uid.length > LONGEST_UID) throw new Error(`${uid} is longer than the ${LONGEST_UID} characters Grafana takes`);
  return uid;
}

/**
 * Grafana has no `query` in its templates, and `$value` is a text about all queries there. The value is read by `index`: while
 * there is no data there is no such value either, and asking for it by its name ends the template with an error.
 */
function annotationsFor(annotations: AlertRule['annotations']): Record<string, string> {
  const kept = Object.entries(annotations).filter(([, text]) => !/\|\s*query\b/.test(text));
  return Object.fromEntries(
    kept.map(([name, text]) => [name, text.replaceAll(/\$value\b/g, '(index $values "cases").Value')]),
  );
}

/**
 * The rule as Grafana's file provisioning takes it. The expression itself says what is wrong, so any answer to it fires, as
 * in Prometheus; Grafana converts imported Prometheus rules in the same way. No data is no case: rules about missing data
 * ask `absent()`.
 */
export function managedRule(rule: AlertRule, recorded: ReadonlyMap<string, string>): object {
  const relativeTimeRange = { from: LOOK_BACK_SECONDS, to: 0 };
  const { long_window: window } = rule.labels;
  return {
    uid: uidOf(rule),
    title: window === undefined ? rule.alert : `${rule.alert} (${window})`,
    condition: 'fires',
    for: rule.for,
    ...(rule.keep_firing_for === undefined ? {} : { keepFiringFor: rule.keep_firing_for }),
    noDataState: 'OK',
    execErrState: 'Error',
    labels: rule.labels,
    annotations: annotationsFor(rule.annotations),
    data: [
      {
        refId: 'cases',
        relativeTimeRange,
        datasourceUid: PROMETHEUS_UID,
        model: {
          refId: 'cases',
          expr: withoutRecorded(rule.expr, recorded),
          instant: true,
          range: false,
          editorMode: 'code',
        },
      },
      {
        refId: 'answered',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: { refId: 'answered', type: 'math', expression: 'is_number($cases) || is_nan($cases) || is_inf($cases)' },
      },
      {
        refId: 'fires',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: {
          refId: 'fires',
          type: 'threshold',
          expression: 'answered',
          conditions: [{ evaluator: { type: 'gt', params: [0] } }],
        },
      },
    ],
  };
}
