import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { binnedDistance } from '../../../exporter/src/statistics/frozen-bins.js';
import { populationStabilityIndex } from '../../../exporter/src/statistics/population-stability-index.js';
import { emptyWindow } from '../../../exporter/src/statistics/window-profile.js';
import { CumulativeCounts } from '../../../exporter/src/monitoring/cumulative-counts.js';
import { observations, profileOf } from '../../unit/metrics/sample-status.js';
import { hasPrometheus, tool } from './tools.js';

const source = join(import.meta.dirname, '../../../provisioning/prometheus');
let folder: string;

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
}
interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: Rule[] }[];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-rules-'));
  cpSync(join(source, 'rules'), join(folder, 'rules'), { recursive: true });
  cpSync(join(source, 'tests'), join(folder, 'tests'), { recursive: true });
  writeFileSync(join(folder, 'tests', 'drift.test.yml'), driftTest());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counters made by the exporter's own code, and what the exporter says about them. */
function driftTest(): string {
  const profile = profileOf(observations(500, 2));
  const baseline = { version: 1, frozen: false, admittedAtMs: 0, profile, golden: [], bins: new Map() };
  const window = profileOf(observations(300, 2, 0.4, 9), profile);
  const { binned } = new CumulativeCounts(6).read(baseline, window, window);
  expect(binned.map(({ kind }) => kind)).toContain('categorical');
  const series = binned.flatMap(({ signal, bins, total, baseline: before }) =>
    bins.flatMap((bin, i) => [
      {
        series: `mlfi_signal_bin_values_total{model_name="fraud", signal="${signal}", bin="${bin}", instance="a"}`,
        values: `0+${total[i] ?? 0}x80`,
      },
      {
        series: `mlfi_signal_bin_baseline_values{model_name="fraud", signal="${signal}", bin="${bin}", instance="a"}`,
        values: `${before[i] ?? 0}x80`,
      },
    ]),
  );
  const agrees = (record: string, signal: string, value: number): object => ({
    expr: `abs(${record}{signal="${signal}"} - ${value}) < bool 1e-9`,
    eval_time: '70m',
    exp_samples: [{ labels: `{model_name="fraud", signal="${signal}"}`, value: 1 }],
  });
  return stringify({
    rule_files: ['../rules/mlfi-recording.yml'],
    evaluation_interval: '1m',
    group_eval_order: ['mlfi-drift'],
    tests: [
      {
        interval: '1m',
        input_series: series,
        promql_expr_test: binned.flatMap((entry) => [
          agrees(
            'signal:mlfi_signal_population_stability:psi_increase1h',
            entry.signal,
            populationStabilityIndex(entry.baseline, entry.window).value,
          ),
          agrees(
            entry.kind === 'numeric'
              ? 'signal:mlfi_signal_distance:ks_increase1h'
              : 'signal:mlfi_signal_distance:total_variation_increase1h',
            entry.signal,
            binnedDistance(entry),
          ),
        ]),
      },
      {
        // Fewer than 30 values say nothing.
        interval: '1m',
        input_series: ['0', '1'].flatMap((bin) => [
          {
            series: `mlfi_signal_bin_values_total{model_name="rare", signal="confidence", bin="${bin}"}`,
            values: '0 1 2 3 4 5x70',
          },
          {
            series: `mlfi_signal_bin_baseline_values{model_name="rare", signal="confidence", bin="${bin}"}`,
            values: '50x75',
          },
        ]),
        promql_expr_test: [
          { expr: 'signal:mlfi_signal_population_stability:psi_increase1h', eval_time: '20m', exp_samples: [] },
        ],
      },
    ],
  });
}

describe.skipIf(!hasPrometheus)('rules', () => {
  it('are what promtool takes without a word', async () => {
    for (const name of readdirSync(join(source, 'rules'))) {
      const checked = await tool(
        'promtool',
        'check',
        'rules',
        '--lint-fatal',
        '--lint=all',
        join(source, 'rules', name),
      );
      expect(checked.output, name).toContain('SUCCESS');
      expect(checked.ok, checked.output).toBe(true);
    }
  });

  it.each(['error-budget', 'models', 'service', 'slow', 'configuring', 'serving', 'drift'])(
    '%s.test.yml passes',
    async (name) => {
      const tested = await tool('promtool', 'test', 'rules', join(folder, 'tests', `${name}.test.yml`));
      expect(tested.ok, tested.output).toBe(true);
    },
  );

  it('compare something: PSI of the drift test is not zero', () => {
    const profile = profileOf(observations(500, 2));
    const window = profileOf(observations(300, 2, 0.4, 9), profile);
    const { binned } = new CumulativeCounts(6).read(
      { version: 1, frozen: false, admittedAtMs: 0, profile, golden: [], bins: new Map() },
      emptyWindow(),
      window,
    );
    expect(
      Math.max(...binned.map((entry) => populationStabilityIndex(entry.baseline, entry.window).value)),
    ).toBeGreaterThan(0.2);
  });
});

interface Mutation {
  /** Test file that must notice. */
  readonly caughtBy: string;
  readonly file: string;
  readonly of: (rule: Rule) => boolean;
  readonly change: (rule: Rule) => void;
}

const alert =
  (name: string, label?: string) =>
  (rule: Rule): boolean =>
    rule.alert === name && (label === undefined || rule.labels?.['long_window'] === label);
const record =
  (name: string) =>
  (rule: Rule): boolean =>
    rule.record === name;
const swap = (from: string | RegExp, to: string) => (rule: Rule) => {
  const changed = rule.expr.replaceAll(from instanceof RegExp ? new RegExp(from, 'g') : from, to);
  if (changed === rule.expr) throw new Error(`the mutation changes nothing in ${rule.expr}`);
  rule.expr = changed;
};
const ALERTS = 'mlfi-alerts.yml';
const RECORDING = 'mlfi-recording.yml';

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a tenth of the burn factor': {
    caughtBy: 'error-budget',
    file: ALERTS,
    of: alert('MlfiErrorBudgetBurn', '1h'),
    change: swap('14.4', '1.44'),
  },
  'no short window': {
    caughtBy: 'error-budget',
    file: ALERTS,
    of: alert('MlfiErrorBudgetBurn', '1h'),
    change: swap(/ and model:\S+ratio_rate5m > 14.4 \* 0.01/, ''),
  },
  'no volume guard': {
    caughtBy: 'error-budget',
    file: ALERTS,
    of: alert('MlfiErrorBudgetBurn', '1h'),
    change: swap(/ and model:mlfi_model_predictions\S+ \* 3600 >= 20/, ''),
  },
  'errors of one reason only': {
    caughtBy: 'error-budget',
    file: RECORDING,
    of: record('model:mlfi_model_prediction_errors:rate1h'),
    change: swap('sum without (reason)', 'min without (reason)'),
  },
  'a clock per replica': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiIncidentOpen'),
    change: swap('without (instance, level)', 'without (level)'),
  },
  'the last sample only': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiModelUnreachable'),
    change: swap(/min_over_time\(([^[]*)\[5m\]\)/, '$1'),
  },
  'silent failure with errors': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiSilentFailure'),
    change: swap(/ and on \(model_name\).*$/, ''),
  },
  'a symptom beside the alert of its incident': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiSilentFailure'),
    change: swap(/ unless on \(model_name\) .*$/, ''),
  },
  'an incident that is open beside a model that does not answer': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiIncidentOpen'),
    change: swap(/ unless on \(model_name\) .*$/, ''),
  },
  'no page for a model whose story is not known': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiIncidentOpen'),
    change: swap(/ or on \(model_name\) max by \(model_name\).*?>= bool 0/, ''),
  },
  'a page without its story': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiModelUnreachable'),
    change: swap('group_left (story) ', 'group_left () '),
  },
  'silent failure of inputs': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiSilentFailure'),
    change: swap('confidence|prediction', '.+'),
  },
  'information on top of the ticket': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiDriftConfirmed'),
    change: swap(/ unless .*$/, ''),
  },
  'a ticket for a drift without cost': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiDriftCostsAccuracy'),
    change: swap('> 0.02', '> -0.02'),
  },
  'the lower end of the estimate': {
    caughtBy: 'models',
    file: RECORDING,
    of: record('model:mlfi_model_estimated_accuracy_drop:ratio'),
    change: swap('bound="high"', 'bound="low"'),
  },
  'a page at the warning line': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiFalsePageBudgetLine'),
    change: swap('line="page"', 'line="warning"'),
  },
  'no decision waits since 1970': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiDecisionWaiting'),
    change: swap(' > 0)', ' >= 0)'),
  },
  'every verification is a failure': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiActionDidNotHelp'),
    change: swap('outcome="not_recovered"', 'outcome=~".+"'),
  },
  'every finding is a golden answer': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiGoldenAnswersChanged'),
    change: swap('detector="golden-answers"', 'detector=~".+"'),
  },
  'a ticket beside the page': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiIncidentOpenLow'),
    change: swap(/ unless on \(model_name\) .*$/, ''),
  },
  'a baseline of nine days is old': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiBaselineStale'),
    change: swap('7776000', '777600'),
  },
  'silence of a minute': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiPredictionsStopped'),
    change: swap('> 3600', '> 60'),
  },
  'symptoms free at once': {
    caughtBy: 'slow',
    file: ALERTS,
    of: alert('MlfiIncidentRecent'),
    change: swap('[35m]', '[5m]'),
  },
  'blind without absent()': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiMonitorBlind'),
    change: swap(/absent\(.*?\]\)\) or /, ''),
  },
  'paused models are stale': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiEvaluationStale'),
    change: swap(/ unless .*$/, ''),
  },
  'a broken chain for a good one': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiAuditChainBroken'),
    change: swap('== 0', '== 1'),
  },
  'a broken glass that waits for a second': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiBreakGlassUnreviewed'),
    change: swap('> 0', '> 1'),
  },
  'a kill switch that the configuration keeps on': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiActionsStopped'),
    change: swap('{by="switch"}', ''),
  },
  'a model that was just added': {
    caughtBy: 'configuring',
    file: ALERTS,
    of: alert('MlfiModelsConfiguring'),
    change: swap(/ and on \(model_name\) max by .*== 1\)/, ')'),
  },
  'a model that answered within the day': {
    caughtBy: 'configuring',
    file: ALERTS,
    of: alert('MlfiModelsConfiguring'),
    change: swap('min_over_time(', 'max_over_time('),
  },
  'two restarts': { caughtBy: 'service', file: ALERTS, of: alert('MlfiRestarting'), change: swap('> 2', '> 1') },
  'log files that wait for the store': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiLogFilesFailing'),
    change: swap(' unless on () max(mlfi_store_up) == 0', ''),
  },
  'an import that goes on, slowly': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiImportSilent'),
    change: swap('> 900', '> 700'),
  },
  'Kafka that waits for the store': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiKafkaStuck'),
    change: swap(' unless on () max(mlfi_store_up) == 0', ''),
  },
  'Kafka that has no more': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiKafkaStuck'),
    change: swap(' > 0 and', ' >= 0 and'),
  },
  'a second model that is left out': {
    caughtBy: 'service',
    file: ALERTS,
    of: alert('MlfiModelsUnrestored'),
    change: swap('> 0', '> 2'),
  },
  'a page of a model that was removed': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiIncidentOpen'),
    change: (rule) => (rule.expr = rule.expr.replaceAll(' unless on () mlfi_models', '')),
  },
  'a page for a burnt budget': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiErrorBudgetBurn', '1h'),
    change: (rule) => (rule.labels = { ...rule.labels, severity: 'critical' }),
  },
  'a page before its time': {
    caughtBy: 'models',
    file: ALERTS,
    of: alert('MlfiIncidentOpen'),
    change: (rule) => (rule.for = '10m'),
  },
  'microseconds for seconds': {
    caughtBy: 'serving',
    file: 'ml-serving.yml',
    of: (rule) => rule.labels?.['serving'] === 'triton' && rule.record === 'ml:request_latency_seconds:mean5m',
    change: swap(' / 1e6', ''),
  },
  'client errors of gRPC': {
    caughtBy: 'serving',
    file: 'ml-serving.yml',
    of: (rule) => rule.labels?.['serving'] === 'seldon' && rule.record === 'ml:request_errors:ratio_rate5m',
    change: swap('OK|', ''),
  },
  'another floor for empty bins': {
    caughtBy: 'drift',
    file: RECORDING,
    of: record('signal:mlfi_signal_population_stability:psi_increase1h'),
    change: swap('1e-4', '1e-2'),
  },
  'a bin left out of KS': {
    caughtBy: 'drift',
    file: RECORDING,
    of: record('signal:mlfi_signal_bin_cumulative_difference:ratio_increase1h'),
    change: swap('0|1|2|3', '0|1|3'),
  },
  'drift of five values': {
    caughtBy: 'drift',
    file: RECORDING,
    of: record('signal:mlfi_signal_bin_share:ratio_increase1h'),
    change: swap('>= 30', '>= 3'),
  },
};

/** promtool takes seconds for each: all of them with MLFI_LONG=1 (`npm run test:hostile`), else one in four. */
const EVERY = process.env['MLFI_LONG'] === '1' ? 1 : 4;

describe.skipIf(!hasPrometheus)('a rule that is wrong in one place is noticed', () => {
  it.each(Object.entries(MUTATIONS).filter((_, index) => index % EVERY === 0))(
    '%s',
    async (_, { caughtBy, file, of, change }) => {
      const mutated = mkdtempSync(join(tmpdir(), 'mlfi-mutation-'));
      try {
        cpSync(folder, mutated, { recursive: true });
        const path = join(mutated, 'rules', file);
        const rules = parse(readFileSync(path, 'utf8')) as RuleFile;
        const targets = rules.groups.flatMap((group) => group.rules.filter(of));
        expect(targets.length).toBeGreaterThan(0);
        let changed = 0;
        for (const target of targets) {
          try {
            change(target);
            changed += 1;
          } catch (error) {
            if (targets.length === 1) throw error;
          }
        }
        expect(changed).toBeGreaterThan(0);
        writeFileSync(path, stringify(rules));
        expect((await tool('promtool', 'check', 'rules', path)).ok).toBe(true);
        const tested = await tool('promtool', 'test', 'rules', join(mutated, 'tests', `${caughtBy}.test.yml`));
        expect(tested.ok, 'no test noticed').toBe(false);
        expect(tested.output).toContain('FAILED');
      } finally {
        rmSync(mutated, { recursive: true, force: true });
      }
    },
  );
});
