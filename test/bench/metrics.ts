/**
 * `npx tsx test/bench/metrics.ts`: rendering of /metrics/models against plain prom-client, same series, same process.
 * Cold: every prefix is made. Warm: every model changed, prefixes known. Same: nothing changed.
 */
import { gzipSync } from 'node:zlib';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Gauge, Histogram, Registry } from 'prom-client';
import type { ModelStatus } from '../../exporter/src/domain/model-status.js';
import { NO_DECISIONS } from '../../exporter/src/domain/decision-counts.js';
import type { ModelId } from '../../exporter/src/domain/identifiers.js';
import { MODEL_METRICS, type ModelMetricName } from '../../exporter/src/metrics/catalogue.js';
import { FleetRenderer } from '../../exporter/src/metrics/fleet-renderer.js';
import { MODEL_SAMPLES, viewOf } from '../../exporter/src/metrics/model-samples.js';
import { sampleStatus } from '../unit/metrics/sample-status.js';

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function timed(work: () => Promise<unknown>, rounds = 7): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  return median(times);
}

/** The same families, models and labels in a registry of prom-client; its histograms hold one value each. */
async function promClient(models: number, families: ReturnType<typeof familiesOf>): Promise<number> {
  const registry = new Registry();
  for (const { name, type, labelNames, labelSets } of families) {
    const common = { name, help: 'the same series', labelNames: ['model_name', ...labelNames], registers: [registry] };
    if (type === 'histogram') {
      const histogram = new Histogram({ ...common, buckets: labelSets.map((_, i) => i + 1) });
      for (let i = 0; i < models; i += 1) histogram.observe({ model_name: `model-${i}` }, 3);
    } else {
      const gauge = new Gauge(common);
      for (let i = 0; i < models; i += 1)
        for (const labels of labelSets) gauge.set({ model_name: `model-${i}`, ...labels }, i + 0.5);
    }
  }
  return timed(() => registry.metrics());
}

/** Families of one model, as the renderer has them: of a histogram one label set per finite bucket. */
function familiesOf(status: ModelStatus) {
  return (Object.keys(MODEL_METRICS) as ModelMetricName[]).flatMap((name) => {
    const { type, labels } = MODEL_METRICS[name];
    const samples = MODEL_SAMPLES[name](viewOf(status, 20));
    if (samples.length === 0) return [];
    const shown = type === 'histogram' ? samples.filter((sample) => sample.suffix === '_bucket').slice(0, -1) : samples;
    return [
      {
        name,
        type,
        labelNames: type === 'histogram' ? [] : [...labels],
        labelSets: shown.map((sample) => Object.fromEntries(labels.map((label, i) => [label, sample.labels[i] ?? '']))),
      },
    ];
  });
}

async function fleet(wanted: number): Promise<void> {
  const example = sampleStatus('m', 18);
  let version = 0;
  const make = (models: number): FleetRenderer => {
    const ids = Array.from({ length: models }, (_, i) => `model-${i}` as ModelId);
    return new FleetRenderer(
      {
        ids: () => ids,
        revision: () => String(version),
        status: () => example,
        shared: () => ({ figures: NO_DECISIONS, audit: null, killSwitch: { on: false, configured: false } }),
      },
      () => ({ models: 100_000, signals: 20, series: 1e7 }),
    );
  };
  const { series: perModel } = await make(1).render('text');
  const renderer = make(Math.round(wanted / perModel));
  const coldAt = performance.now();
  const { series, pieces } = await renderer.render('text');
  const text = [...pieces].join('');
  const cold = performance.now() - coldAt;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const warm = await timed(() => {
    version += 1;
    return renderer.render('text');
  });
  delay.disable();
  const same = await timed(() => renderer.render('text'));
  const plain = await promClient(Math.round(wanted / perModel), familiesOf(example));
  const zippedAt = performance.now();
  const zipped = gzipSync(text, { level: 1 });
  const zip = performance.now() - zippedAt;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  console.log(
    `${series} series (${(text.length / 1e6).toFixed(1)} MB): cold ${ms(cold)}, warm ${ms(warm)}, same ${ms(same)}; longest stop of the loop ${ms(delay.max / 1e6)}; ` +
      `prom-client ${ms(plain)}, ${(plain / warm).toFixed(1)} times the warm one and ${(plain / same).toFixed(0)} times the same; gzip ${ms(zip)} off the loop, ${(text.length / zipped.length).toFixed(0)} : 1`,
  );
}

// Once for the compiler.
await fleet(20_000);
console.log('—');
for (const series of [1_000, 10_000, 100_000]) await fleet(series);
