import { Mutex } from 'async-mutex';
import { NO_MAPPING, type FieldMapping } from '../../../domain/field-mapping.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { IntakeLimits, RowTaker } from '../../../domain/ingest.js';
import { batchOfEntries, type LogEntry } from '../../ingest/calls/batch.js';
import { RecentIds } from '../recent-ids.js';
import { modelOfService } from '../services.js';
import { genAiRows, type SignalRow } from './gen-ai.js';
import { readSignals, type Signal } from './read-signals.js';
import { BentoMonitors, taggedRow } from './tabular.js';

export interface TelemetrySettings extends IntakeLimits {
  readonly models: ReadonlyMap<string, FieldMapping>;
  readonly services: ReadonlyMap<string, ModelId>;
}
export interface TelemetryPorts {
  readonly settings: () => TelemetrySettings;
  readonly models: RowTaker;
  readonly count: (outcome: 'row' | 'repeated' | 'skipped' | 'refused', signals: number) => void;
}
export type TelemetryTaken =
  | { readonly kind: 'refused'; readonly message: string; readonly field: string }
  /** `rejected` signals were wrong; `message` says why of the first. */
  | { readonly kind: 'taken'; readonly rejected: number; readonly message: string };

/** Takes spans and log records of OpenTelemetry, and counts those that tell of a model's answers. */
export class TelemetryReceiver {
  private readonly seen = new RecentIds();
  private readonly monitors = new BentoMonitors();
  /** One request after the other: a repetition is known to be one only when what it repeats is taken. */
  private readonly turns = new Mutex();

  constructor(private readonly ports: TelemetryPorts) {}

  /** @throws what `ensureWatched` and the taking of a batch throw; the sender repeats then, and what was counted is known */
  async receive(
    of: 'traces' | 'logs',
    body: Buffer,
    contentType: string,
    nowMs: number,
    ensureWatched: (name: string) => Promise<ModelId>,
    sender = '',
  ): Promise<TelemetryTaken> {
    const reading = readSignals(of, body, contentType, this.ports.settings());
    if (reading.kind === 'refused') return reading;
    return this.turns.runExclusive(() => this.take(reading.signals, nowMs, ensureWatched, sender));
  }

  private async take(
    signals: readonly Signal[],
    nowMs: number,
    ensureWatched: (name: string) => Promise<ModelId>,
    sender = '',
  ): Promise<TelemetryTaken> {
    const settings = this.ports.settings();
    const found = new Map<ModelId, { readonly entries: LogEntry[]; readonly ids: string[] }>();
    let [rejected, repeated, skipped, taken] = [0, 0, 0, 0];
    let message = '';
    for (const signal of signals) {
      const rows = this.rowsOf(signal);
      if (rows.length === 0) skipped += 1;
      for (const [i, { service, row }] of rows.entries()) {
        const { models } = this.ports;
        const model = await modelOfService(service, { ...settings, models, ensureWatched }).catch((error: unknown) => {
          for (const { ids } of found.values()) this.seen.forget(ids);
          throw error;
        });
        if (typeof model !== 'string') {
          rejected += 1;
          if (message === '') message = model.problem;
          continue;
        }
        const id = identityOf(signal, i);
        if (id !== null && !this.seen.take(id)) {
          repeated += 1;
          continue;
        }
        const ofModel = found.get(model) ?? { entries: [], ids: [] };
        found.set(model, ofModel);
        ofModel.entries.push({ kind: 'row', row });
        if (id !== null) ofModel.ids.push(id);
      }
    }
    const waiting = new Set(found.values());
    try {
      for (const [model, batch] of found) {
        const mapping = settings.models.get(model) ?? NO_MAPPING;
        const result = await this.ports.models.ingest(model, {
          ...batchOfEntries(batch.entries, nowMs, settings, mapping),
          sender,
          batchId: null,
          bodyDigest: null,
          acknowledge: 'commit',
        });
        waiting.delete(batch);
        rejected += result.rejected;
        taken += result.accepted;
        const [first] = result.errors;
        if (message === '' && first !== undefined) message = `${first.field}: ${first.message}`;
      }
    } catch (error) {
      for (const { ids } of waiting) this.seen.forget(ids);
      throw error;
    }
    this.ports.count('row', taken);
    this.ports.count('repeated', repeated);
    this.ports.count('skipped', skipped);
    this.ports.count('refused', rejected);
    return { kind: 'taken', rejected, message };
  }

  private rowsOf(signal: Signal): readonly SignalRow[] {
    const tagged = taggedRow(signal);
    if (tagged !== null) return [tagged];
    const rows = genAiRows(signal);
    if (rows.length > 0 || signal.kind === 'span') return rows;
    const monitored = this.monitors.rowOf(signal);
    return monitored === null ? [] : [monitored];
  }
}

/** A span is one by its ids; a log record has none of its own, so that only one of a span can be known again. */
function identityOf({ kind, traceId, spanId, name, startedAtMs, attributes }: Signal, place: number): string | null {
  if (spanId === '') return null;
  if (kind === 'span') return `${traceId}\n${spanId}\n${place}`;
  const what = attributes.get('gen_ai.evaluation.name');
  return `${traceId}\n${spanId}\nlog\n${name}\n${startedAtMs ?? ''}\n${typeof what === 'string' ? what : ''}`;
}
