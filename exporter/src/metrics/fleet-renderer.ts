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
  /** The exposition, to be sent piece by piece: at once, a large one would hold up everything else. */
  readonly pieces: Iterable<string>;
  /** Characters of all pieces. */
  readonly length: number;
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

/** A series as it was last written, remembered by its place in the family: the same series come back in the same order. */
interface Series {
  readonly labels: readonly string[];
  readonly suffix: string;
  /** `name{labels} ` */
  readonly prefix: string;
  value: number;
  line: string;
}

interface ModelBlock {
  revision: string;
  figures: ModelDecisionCounts;
  /** Text of each family, in the order of `FAMILIES`; never changed, for it may be on its way. */
  texts: readonly string[];
  readonly families: readonly Series[][];
  series: number;
}

/** Longest stretch of work before others get their turn. */
const TURN_MS = 15;
/** Characters of a piece of the exposition, about: a few milliseconds, and each waits for a turn of a loop that may be busy. */
const PIECE_LENGTH = 2_097_152;

/**
 * Writes `/metrics/models`. Each model's text is kept and made again only when the model changed, and of that only the lines
 * whose values did; between models the event loop gets its turn. Text of models that are gone goes with them.
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
    const texts = blocks.map((block) => block.texts);
    const headers = FAMILIES.map(({ name, metric }, index) =>
      texts.some((of) => of[index] !== '') ? familyHeader(name, metric.type, metric.help, format) : '',
    );
    const last = serviceFamilies(ids.length, series, dropped, shared, format) + endOf(format);
    const lengthOf = (all: readonly string[]): number => all.reduce((sum, { length }) => sum + length, 0);
    const length = texts.reduce((sum, of) => sum + lengthOf(of), lengthOf(headers) + last.length);
    return { pieces: inPieces(headers, texts, last), length, series, dropped };
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
    const block = known ?? { revision, figures, texts: [], families: FAMILIES.map(() => []), series: 0 };
    write(block, id, viewOf(this.source.status(id), signals, figures));
    block.revision = revision;
    block.figures = figures;
    this.blocks.set(id, block);
    return block;
  }
}

/** Family by family. Joined, not added up: a string added up is a tree, walked anew by whoever reads it. */
function* inPieces(
  headers: readonly string[],
  texts: readonly (readonly string[])[],
  last: string,
): Generator<string, void> {
  let parts: string[] = [];
  let length = 0;
  for (const [index, header] of headers.entries()) {
    parts.push(header);
    for (const of of texts) {
      const text = of[index] ?? '';
      parts.push(text);
      length += text.length;
      if (length < PIECE_LENGTH) continue;
      yield parts.join('');
      parts = [];
      length = 0;
    }
  }
  parts.push(last);
  yield parts.join('');
}

function write(block: ModelBlock, id: ModelId, view: Parameters<Sampler>[0]): void {
  block.series = 0;
  block.texts = FAMILIES.map(({ name, metric, sampler }, index) => {
    const samples = sampler(view);
    const written = block.families[index] ?? [];
    block.series += samples.length;
    const isAsBefore = rewrite(written, samples, (sample) => prefixOf(name, metric, id, sample));
    const before = block.texts[index];
    return isAsBefore && before !== undefined ? before : written.map(({ line }) => line).join('');
  });
}

/** Brings what was written of a family in line with its samples. @returns whether it was */
function rewrite(written: Series[], samples: readonly Sample[], prefixed: (sample: Sample) => string): boolean {
  let isAsBefore = written.length === samples.length;
  written.length = Math.min(written.length, samples.length);
  for (const [place, sample] of samples.entries()) {
    const series = written[place];
    if (series === undefined || !fits(series, sample)) {
      const prefix = prefixed(sample);
      const { labels, value } = sample;
      written[place] = { labels, suffix: sample.suffix ?? '', prefix, value, line: `${prefix}${sampleValue(value)}\n` };
      isAsBefore = false;
    } else if (!Object.is(series.value, sample.value)) {
      series.value = sample.value;
      series.line = `${series.prefix}${sampleValue(sample.value)}\n`;
      isAsBefore = false;
    }
  }
  return isAsBefore;
}

function fits({ labels, suffix }: Series, sample: Sample): boolean {
  if (labels === sample.labels && suffix === (sample.suffix ?? '')) return true;
  if (suffix !== (sample.suffix ?? '') || labels.length !== sample.labels.length) return false;
  for (let i = 0; i < labels.length; i += 1) if (labels[i] !== sample.labels[i]) return false;
  return true;
}

function prefixOf(name: string, metric: Metric, id: ModelId, { labels, suffix }: Sample): string {
  const rest = labelSet(metric.labels, labels);
  const inner = rest === '' ? '' : `,${rest.slice(1, -1)}`;
  return `${name}${suffix ?? ''}{model_name="${escapeLabel(id)}"${inner}} `;
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
