import { describe, expect, it } from 'vitest';
import type { ModelStatus } from '../../../exporter/src/domain/model-status.js';
import { NO_DECISIONS } from '../../../exporter/src/domain/decision-counts.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import { MODEL_METRICS, METRICS, type Metric } from '../../../exporter/src/metrics/catalogue.js';
import { seriesNames } from '../../provisioning/series-names.js';
import type { ExpositionFormat } from '../../../exporter/src/metrics/exposition.js';
import { FleetRenderer, type SeriesLimits } from '../../../exporter/src/metrics/fleet-renderer.js';
import { answers, fleetOn, modelNamed } from '../monitoring/fleet-on-memory.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { createProcessMetrics } from '../../../exporter/src/metrics/process-metrics.js';
import { sampleStatus } from './sample-status.js';

const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LIMITS: SeriesLimits = { models: 100, signals: 20, series: 100_000 };

function fleetOf(statuses: Map<string, ModelStatus>, limits: () => SeriesLimits = () => LIMITS) {
  let asked = 0;
  const renderer = new FleetRenderer(
    {
      ids: () => [...statuses.values()].map(({ model }) => model.id),
      revision: (id) => (statuses.has(id) ? String(statuses.get(id)?.totals.calls) : null),
      status(id: ModelId) {
        asked += 1;
        const status = statuses.get(id);
        if (status === undefined) throw new Error('gone');
        return status;
      },
      shared: () => ({
        figures: { ...NO_DECISIONS, auditEntries: 7 },
        audit: null,
        killSwitch: { on: false, configured: false },
      }),
    },
    limits,
  );
  return { renderer: whole(renderer), asked: () => asked };
}

/** The same, with its pieces as one text. */
const whole = (renderer: FleetRenderer) => ({
  async render(format: ExpositionFormat) {
    const render = await renderer.render(format);
    return { ...render, text: [...render.pieces].join('') };
  },
});

/** name + labels → value. */
function seriesOf(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

const one = (): Map<string, ModelStatus> => new Map([['fraud', sampleStatus('fraud')]]);

describe('/metrics/models', () => {
  it('uses only names and labels of the catalogue, and every series carries its model', async () => {
    const { text } = await fleetOf(one()).renderer.render('text');
    const known = new Map(
      Object.entries<Metric>(METRICS).flatMap(([name, metric]) =>
        seriesNames(name, metric).map((series) => [series, metric] as const),
      ),
    );
    for (const series of seriesOf(text).keys()) {
      const [, name = '', labels = ''] = /^([a-z0-9_]+)(?:\{(.*)\})?$/.exec(series) ?? [];
      const metric = known.get(name);
      expect(metric, series).toBeDefined();
      const used = [...labels.matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label);
      if (metric?.scope === 'model') expect(used[0], series).toBe('model_name');
      for (const label of used.filter((used) => used !== 'model_name')) expect(metric?.labels, series).toContain(label);
    }
  });

  it('says that a model is up only of one that mlfi asks', async () => {
    const asked = sampleStatus('asked');
    const { model } = asked;
    const endpoint = { url: 'http://m/predict', connector: 'rest', settings: {}, authorizationSecret: null } as const;
    const as = (id: string, change: Partial<ModelStatus['model']>): [string, ModelStatus] => [
      id,
      { ...asked, model: { ...model, id: modelId(id), state: 'healthy', endpoint, ...change } },
    ];
    const statuses = new Map([
      as('asked', {}),
      as('logged', { endpoint: null }),
      as('paused', { paused: true, state: 'paused' }),
      as('new', { state: 'configuring' }),
      as('down', { state: 'unreachable' }),
      as('logged-down', { endpoint: null, state: 'unreachable' }),
    ]);
    const series = seriesOf((await fleetOf(statuses).renderer.render('text')).text);
    const up = [...series].filter(([name]) => name.startsWith('mlfi_model_up{'));
    expect(Object.fromEntries(up)).toEqual({
      'mlfi_model_up{model_name="asked"}': 1,
      'mlfi_model_up{model_name="down"}': 0,
      'mlfi_model_up{model_name="logged-down"}': 0,
    });
  });

  it('names and values the same series in text, in OpenMetrics, and in text again', async () => {
    const { renderer } = fleetOf(one());
    const first = await renderer.render('text');
    const open = await renderer.render('openmetrics');
    const again = await renderer.render('text');
    expect(again.text).toBe(first.text);
    expect(seriesOf(open.text)).toEqual(seriesOf(first.text));
    expect(open.text.endsWith('# EOF\n')).toBe(true);
    expect(first.text).not.toContain('# EOF');
    expect(first.text).toContain('# TYPE mlfi_model_probes_total counter\n');
    expect(open.text).toContain('# TYPE mlfi_model_probes counter\n');
  });

  it('asks again only for models that changed, and forgets those that are gone', async () => {
    const statuses = new Map([
      ['a', sampleStatus('a')],
      ['b', sampleStatus('b')],
    ]);
    const { renderer, asked } = fleetOf(statuses);
    await renderer.render('text');
    await renderer.render('text');
    expect(asked()).toBe(2);
    statuses.set(
      'a',
      sampleStatus('a', 3, { errorShare: 0.5, totals: { calls: 9, failures: {}, probes: 0, probeFailures: {} } }),
    );
    const changed = await renderer.render('text');
    expect(asked()).toBe(3);
    expect(changed.text).toContain('mlfi_model_window_error_ratio{model_name="a"} 0.5\n');
    statuses.delete('b');
    expect((await renderer.render('text')).text).not.toContain('model_name="b"');
  });

  it('drops whole models beyond a limit, and counts them', async () => {
    const statuses = new Map(['a', 'b', 'c'].map((id) => [id, sampleStatus(id)]));
    const all = await fleetOf(statuses).renderer.render('text');
    const perModel = all.series / 3;
    const few = await fleetOf(statuses, () => ({ ...LIMITS, series: 2.5 * perModel })).renderer.render('text');
    expect(few.dropped).toEqual({ models: 0, series: perModel });
    expect(few.text).not.toContain('model_name="c"');
    expect(few.text).toContain(`mlfi_model_series_dropped{reason="series"} ${perModel}\n`);
    const two = await fleetOf(statuses, () => ({ ...LIMITS, models: 2 })).renderer.render('text');
    expect(two.dropped.models).toBe(1);
    expect(two.text).toContain('mlfi_models 3\n');
    const signals = await fleetOf(one(), () => ({ ...LIMITS, signals: 2 })).renderer.render('text');
    expect(
      [...seriesOf(signals.text).keys()].filter((name) => name.startsWith('mlfi_signal_evidence_log')).length,
    ).toBeLessThanOrEqual(2);
  });

  it('escapes label values and knows what the serving system calls the model', async () => {
    const { text } = await fleetOf(one()).renderer.render('text');
    expect(text).toContain(
      'mlfi_model_info{model_name="fraud",model_version="v7",connector="open-inference",team="payments \\"team\\"",endpoint_host="models.internal:8000",served_model="served-fraud"} 1\n',
    );
  });

  it('writes histograms whose buckets grow, end in +Inf and write le as Prometheus 3 stores it', async () => {
    const series = seriesOf((await fleetOf(one()).renderer.render('text')).text);
    const buckets = [...series].filter(([name]) => name.startsWith('mlfi_model_confidence_ratio_bucket'));
    const values = buckets.map(([, value]) => value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(200);
    expect(series.get('mlfi_model_confidence_ratio_count{model_name="fraud"}')).toBe(200);
    expect(series.has('mlfi_model_confidence_ratio_bucket{model_name="fraud",le="1.0"}')).toBe(true);
  });

  it('has a sampler for every family that gives samples with the labels it declares', () => {
    for (const [name, metric] of Object.entries<Metric>(MODEL_METRICS)) {
      expect(name).toMatch(/^mlfi_[a-z_]+$/);
      if (metric.type === 'counter') expect(name).toMatch(/_total$/);
      else expect(name).not.toMatch(/_total$/);
      if (metric.unit === 'seconds' || metric.unit === 'bytes')
        expect(name).toMatch(new RegExp(`_${metric.unit}(_total)?$`));
      expect(metric.help).toMatch(/^[A-Z].*[^.]$/);
    }
  });
});

describe('/metrics', () => {
  it('names the same series in text, OpenMetrics and text', async () => {
    const metrics = createProcessMetrics('1.2.3');
    metrics.request('/x', 'GET', 200, 0.01);
    metrics.notified('grafana', ['new', 'own']);
    const names = (text: string): string[] =>
      [...seriesOf(text).keys()].filter((name) => !name.startsWith('nodejs_')).sort();
    const first = await metrics.render('text');
    const open = await metrics.render('openmetrics');
    const again = await metrics.render('text');
    expect(names(open)).toEqual(names(first));
    expect(names(again)).toEqual(names(first));
    expect(again).toContain('# TYPE mlfi_webhooks_received_total counter\n');
    expect(open).toContain('# TYPE mlfi_webhooks_received counter\n');
    expect(again).toContain('mlfi_webhook_alerts_total{sender="grafana",outcome="own"} 1\n');
    expect(again).toContain('le="2.0"');
  });

  it('counts nothing any more of a model that was deleted', async () => {
    const metrics = createProcessMetrics('1.2.3');
    const fleet = fleetOn(new MemoryStore(), AT_ONCE, { intakeCounts: metrics });
    const ids = ['gone', 'released', 'kept'].map((id) => modelId(id));
    for (const id of ids) {
      await fleet.add(modelNamed(id));
      await fleet.ingest(id, answers(['p1'], { rejected: 1, rejectedByReason: { no_prediction: 1 } }));
    }
    const told = async (): Promise<string[]> =>
      [...seriesOf(await metrics.render('text')).keys()].filter((name) => name.startsWith('mlfi_ingest_'));
    expect(await told()).toHaveLength(6);
    await fleet.remove(modelId('gone'));
    await fleet.release(modelId('released'));
    expect(await told()).toEqual([
      'mlfi_ingest_events_total{model_name="kept"}',
      'mlfi_ingest_rejected_total{model_name="kept",reason="no_prediction"}',
    ]);
  });
});
