import type { ModelStatus } from '../domain/model-status.js';
import { NO_MODEL_DECISIONS, type DecisionCounts, type ModelDecisionCounts } from '../domain/decision-counts.js';
import type { ModelId } from '../domain/identifiers.js';
import { FLEET_METRICS, MODEL_METRICS, type FleetMetricName, type Metric, type ModelMetricName } from './catalogue.js';
import {
  endOf,
  escapeLabel,
  familyHeader,
  labelSet,
  renderFamily,
  sampleValue,
  type ExpositionFormat,
} from './exposition.js';
import { MODEL_SAMPLES, viewOf, type Sample, type Sampler } from './model-samples.js';

/** What the renderer reads. A model's status is asked for only when its revision changed. */
export interface FleetSource {
  readonly ids: () => readonly ModelId[];
  /** Null when the model is gone. */
  readonly revision: (id: ModelId) => string | null;
  readonly status: (id: ModelId) => ModelStatus;
  readonly shared: () => SharedFacts;
}

/** What all replicas share, read now and then from the store. A model's figures are the same object while they are the same. */
export interface SharedFacts {
  readonly figures: DecisionCounts;
  /** Null before the first verification. */
  readonly audit: { readonly valid: boolean; readonly verifiedAtMs: number } | null;
  /** What keeps approved actions from being executed. */
  readonly killSwitch: { readonly on: boolean; readonly configured: boolean };
}

export interface SeriesLimits {
  /** Models with series of their own. */
  readonly models: number;
  /** Signals of one family of one model. */
  readonly signals: number;
  /** Series of models altogether. */
  readonly series: number;
}

export interface FleetRender {
  readonly text: string;
  readonly series: number;
  readonly dropped: Readonly<Record<'models' | 'series', number>>;
}

interface FamilyDefinition {
  readonly name: ModelMetricName;
  readonly metric: Metric;
  readonly sampler: Sampler;
}

const FAMILIES: readonly FamilyDefinition[] = (Object.keys(MODEL_METRICS) as ModelMetricName[]).map((name) => ({
  name,
  metric: MODEL_METRICS[name],
  sampler: MODEL_SAMPLES[name],
}));

/** `name{labels} ` of a series, remembered by its place in the family: the same series come back in the same order. */
interface Prefix {
  readonly labels: readonly string[];
  readonly suffix: string;
  readonly text: string;
}

interface ModelBlock {
  revision: string;
  figures: ModelDecisionCounts;
  /** Text of each family, in the order of `FAMILIES`. */
  readonly texts: string[];
  readonly prefixes: Prefix[][];
  series: number;
}

/** Longest stretch of work before others get their turn. */
const TURN_MS = 5;

/**
 * Writes `/metrics/models`. Each model's text is kept and made again only when the model changed, with the prefixes of its
 * series kept; between models the event loop gets its turn. Text of models that are gone goes with them.
 */
export class FleetRenderer {
  private readonly blocks = new Map<ModelId, ModelBlock>();

  constructor(
    private readonly source: FleetSource,
    private readonly limits: () => SeriesLimits,
  ) {}

  /** One exposition. Overlapping calls are safe: each model is written in one go. */
  async render(format: ExpositionFormat): Promise<FleetRender> {
    const limits = this.limits();
    const shared = this.source.shared();
    const ids = [...this.source.ids()].sort();
    const shown = ids.slice(0, limits.models);
    this.forget(new Set(ids));
    const blocks: ModelBlock[] = [];
    let series = 0;
    let cut = 0;
    let turnEndsAt = performance.now() + TURN_MS;
    for (const id of shown) {
      const block = this.refreshed(id, shared, limits.signals);
      if (block === null) continue;
      if (series + block.series > limits.series) cut += block.series;
      else {
        series += block.series;
        blocks.push(block);
      }
      if (performance.now() > turnEndsAt) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEndsAt = performance.now() + TURN_MS;
      }
    }
    const dropped = { models: ids.length - shown.length, series: cut };
    const parts: string[] = [];
    FAMILIES.forEach(({ name, metric }, index) => {
      const headerAt = parts.length;
      parts.push('');
      for (const block of blocks) {
        const text = block.texts[index];
        if (text !== undefined && text !== '') parts.push(text);
      }
      if (parts.length > headerAt + 1) parts[headerAt] = familyHeader(name, metric.type, metric.help, format);
    });
    parts.push(serviceFamilies(ids.length, series, dropped, shared, format), endOf(format));
    return { text: parts.join(''), series, dropped };
  }

  private forget(present: ReadonlySet<ModelId>): void {
    for (const id of this.blocks.keys()) if (!present.has(id)) this.blocks.delete(id);
  }

  private refreshed(id: ModelId, shared: SharedFacts, signals: number): ModelBlock | null {
    const own = this.source.revision(id);
    if (own === null) return null;
    const revision = `${own}|${signals}`;
    const figures = shared.figures.models.get(id) ?? NO_MODEL_DECISIONS;
    const known = this.blocks.get(id);
    if (known?.revision === revision && known.figures === figures) return known;
    const block = known ?? { revision, figures, texts: [], prefixes: FAMILIES.map(() => []), series: 0 };
    write(block, id, viewOf(this.source.status(id), signals, figures));
    block.revision = revision;
    block.figures = figures;
    this.blocks.set(id, block);
    return block;
  }
}

function write(block: ModelBlock, id: ModelId, view: Parameters<Sampler>[0]): void {
  block.series = 0;
  for (const [index, { name, metric, sampler }] of FAMILIES.entries()) {
    const samples = sampler(view);
    const prefixes = (block.prefixes[index] ??= []);
    prefixes.length = Math.min(prefixes.length, samples.length);
    // Joined, not added up: a string added up is a tree, walked anew by every scrape.
    const lines: string[] = [];
    for (let place = 0; place < samples.length; place += 1) {
      const sample = samples[place];
      if (sample === undefined) continue;
      let prefix = prefixes[place];
      if (prefix === undefined || !fits(prefix, sample)) {
        prefix = prefixOf(name, metric, id, sample);
        prefixes[place] = prefix;
      }
      lines.push(prefix.text, sampleValue(sample.value), '\n');
    }
    block.texts[index] = lines.join('');
    block.series += samples.length;
  }
}

function fits({ labels, suffix }: Prefix, sample: Sample): boolean {
  if (labels === sample.labels && suffix === (sample.suffix ?? '')) return true;
  if (suffix !== (sample.suffix ?? '') || labels.length !== sample.labels.length) return false;
  for (let i = 0; i < labels.length; i += 1) if (labels[i] !== sample.labels[i]) return false;
  return true;
}

function prefixOf(name: string, metric: Metric, id: ModelId, sample: Sample): Prefix {
  const { labels } = sample;
  const suffix = sample.suffix ?? '';
  const rest = labelSet(metric.labels, labels);
  const inner = rest === '' ? '' : `,${rest.slice(1, -1)}`;
  return { labels, suffix, text: `${name}${suffix}{model_name="${escapeLabel(id)}"${inner}} ` };
}

function serviceFamilies(
  models: number,
  series: number,
  dropped: FleetRender['dropped'],
  { figures, audit, killSwitch }: SharedFacts,
  format: ExpositionFormat,
): string {
  const { checkpoint, votes, breakGlass } = figures;
  const alone = (value: number): readonly Sample[] => [{ labels: [], value }];
  const samples: Readonly<Record<FleetMetricName, readonly Sample[]>> = {
    mlfi_models: alone(models),
    mlfi_model_series: alone(series),
    mlfi_model_series_dropped: Object.entries(dropped).map(([reason, value]) => ({ labels: [reason], value })),
    mlfi_audit_entries_total: alone(figures.auditEntries),
    mlfi_audit_chain_valid: audit === null ? [] : alone(audit.valid ? 1 : 0),
    mlfi_audit_anchored_sequence: checkpoint === null ? [] : alone(checkpoint.entries),
    mlfi_audit_last_anchored_timestamp_seconds: checkpoint === null ? [] : alone(checkpoint.atMs / 1_000),
    mlfi_votes_total: Object.entries(votes).map(([verdict, value]) => ({ labels: [verdict], value })),
    mlfi_break_glass_total: alone(breakGlass.used),
    mlfi_break_glass_unreviewed: alone(breakGlass.unreviewed),
    mlfi_kill_switch: [
      { labels: ['switch'], value: killSwitch.on ? 1 : 0 },
      { labels: ['configuration'], value: killSwitch.configured ? 1 : 0 },
    ],
    mlfi_audit_last_verified_timestamp_seconds: audit === null ? [] : alone(audit.verifiedAtMs / 1_000),
  };
  return (Object.keys(FLEET_METRICS) as FleetMetricName[])
    .map((name) => renderFamily(name, FLEET_METRICS[name], samples[name], format))
    .join('');
}
