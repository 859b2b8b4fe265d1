import { NO_MAPPING, type FieldMapping } from '../../../domain/field-mapping.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { IngestResult, IntakeLimits } from '../../../domain/ingest.js';
import { batchOfEntries, type LogEntry } from '../../ingest/calls/batch.js';
import type { LoggedCall } from '../../ingest/calls/logged-call.js';
import type { ParsedBatch } from '../../ingest/parse.js';
import { timestampMs } from '../../ingest/timestamps.js';
import { Refusal } from '../../ingest/verdicts.js';
import { modelOfService } from '../services.js';
import { CallJoiner, type GivenUp, type JoinLimits } from './call-joiner.js';
import { partOf, type EventPart } from './dialects.js';
import { readEvents } from './read-events.js';

export interface EventIntakeSettings extends IntakeLimits {
  readonly models: ReadonlyMap<string, FieldMapping>;
  readonly services: ReadonlyMap<string, ModelId>;
  readonly newModels: boolean;
  readonly pairing: JoinLimits;
}

/** What became of an event, or of a half that waited. */
export const EVENT_OUTCOMES = [
  'paired',
  'waiting',
  'row',
  'repeated',
  'late',
  'skipped',
  'refused',
  'unanswered',
] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

export interface EventReceiverPorts {
  readonly settings: () => EventIntakeSettings;
  readonly maximumDataBytes: number;
  readonly isWatched: (id: ModelId) => boolean;
  /** Takes a batch of rows. @throws when the model is not there (any more), or the store cannot be written */
  readonly take: (id: ModelId, batch: ParsedBatch, acknowledge: 'commit' | 'memory') => Promise<IngestResult>;
  readonly count: (outcome: EventOutcome, events: number) => void;
}

export interface EventsTaken {
  /** Rows that were counted now. */
  readonly rows: number;
  /** Events that wait for their other half. */
  readonly waiting: number;
  readonly repeated: number;
  readonly skipped: number;
  readonly refused: number;
  /** The first refused events and rows. */
  readonly errors: readonly { readonly event: number; readonly field: string; readonly message: string }[];
}

type Half = Extract<EventPart, { kind: 'half' }>;

/** What one event brings; `undo` for a sender that repeats it because it could not be taken. */
interface Step {
  readonly outcome: EventOutcome;
  readonly entries: readonly LogEntry[];
  readonly undo: (() => void) | null;
}

/** What one request brings for a model; `events` are the numbers of the entries' events. */
interface Found {
  readonly entries: LogEntry[];
  readonly events: number[];
  readonly undo: (() => void)[];
}

const ERRORS_TOLD = 20;
const BYTES_PER_HALF = 500;

/** Takes CloudEvents, puts the halves of calls together, and counts what they are as rows of their models. */
export class EventReceiver {
  private readonly joiner = new CallJoiner<Half>();

  constructor(private readonly ports: EventReceiverPorts) {}

  /** Halves that wait, and their bytes. */
  get waiting(): { readonly halves: number; readonly bytes: number } {
    return { halves: this.joiner.size, bytes: this.joiner.bytes };
  }

  /**
   * @param ensureWatched finds or makes the model of a service that the configuration does not name
   * @throws what `ensureWatched` and the taking of a batch throw; events of other models of the request may be counted then
   */
  async receive(
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    body: Buffer,
    nowMs: number,
    acknowledge: 'commit' | 'memory',
    ensureWatched: (name: string) => Promise<ModelId>,
  ): Promise<EventsTaken> {
    const found = new Map<ModelId, Found>();
    const outcomes = new Map<EventOutcome, number>();
    const errors: { event: number; field: string; message: string }[] = [];
    const note = (outcome: EventOutcome): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const refuse = (event: number, field: string, message: string): void => {
      note('refused');
      if (errors.length < ERRORS_TOLD) errors.push({ event, field, message });
    };
    const readings = readEvents(headers, body, this.ports);
    const bytes = Math.ceil(body.length / readings.length) + BYTES_PER_HALF;
    for (const [i, reading] of readings.entries()) {
      if (reading.kind === 'refused') {
        refuse(i + 1, reading.field, reading.message);
        continue;
      }
      const part = partOf(reading.event);
      if (part.kind === 'skipped') {
        note('skipped');
        continue;
      }
      const model = await modelOfService(part.service, {
        ...this.ports.settings(),
        isWatched: this.ports.isWatched,
        ensureWatched,
      });
      if (typeof model !== 'string') {
        refuse(i + 1, 'service', model.problem);
        continue;
      }
      const { outcome, entries, undo } =
        part.kind === 'row' ? this.once(part, model, nowMs) : this.join(part, model, bytes, nowMs);
      note(outcome);
      const ofModel = found.get(model) ?? { entries: [], events: [], undo: [] };
      found.set(model, ofModel);
      for (const entry of entries) {
        ofModel.entries.push(entry);
        ofModel.events.push(i + 1);
      }
      if (undo !== null) ofModel.undo.push(undo);
    }
    let [rows, rejected] = [0, 0];
    for (const [model, { entries, events, undo }] of found) {
      if (entries.length === 0) continue;
      const result = await this.take(model, entries, nowMs, acknowledge).catch((error: unknown) => {
        for (const back of undo) back();
        throw error;
      });
      rows += result.accepted;
      rejected += result.rejected;
      for (const { line, field, message } of result.errors)
        if (errors.length < ERRORS_TOLD) errors.push({ event: events[line - 1] ?? line, field, message });
    }
    if (this.joiner.bytes > this.ports.settings().pairing.memoryBytes) await this.sweep(nowMs);
    for (const [outcome, events] of outcomes) this.ports.count(outcome, events);
    const of = (outcome: EventOutcome): number => outcomes.get(outcome) ?? 0;
    return {
      rows,
      waiting: of('waiting'),
      repeated: of('repeated') + of('late'),
      skipped: of('skipped'),
      refused: of('refused') + rejected,
      errors,
    };
  }

  /** Gives up what waited too long or does not fit: it is counted as what it is without its other half. */
  async sweep(nowMs: number): Promise<void> {
    const { pairing } = this.ports.settings();
    const entries = new Map<ModelId, LogEntry[]>();
    for (const half of this.joiner.giveUp(nowMs, pairing)) {
      this.ports.count('unanswered', 1);
      if (!this.ports.isWatched(half.model)) continue;
      const ofModel = entries.get(half.model) ?? [];
      entries.set(half.model, ofModel);
      ofModel.push(entryOfLone(half, pairing));
    }
    for (const [model, list] of entries) await this.take(model, list, nowMs, 'memory');
  }

  private take(
    model: ModelId,
    entries: readonly LogEntry[],
    nowMs: number,
    acknowledge: 'commit' | 'memory',
  ): Promise<IngestResult> {
    const settings = this.ports.settings();
    const mapping = settings.models.get(model) ?? NO_MAPPING;
    return this.ports.take(model, batchOfEntries(entries, nowMs, settings, mapping), acknowledge);
  }

  private once({ id, rows }: Extract<EventPart, { kind: 'row' }>, model: ModelId, nowMs: number): Step {
    const first = this.joiner.isNew(model, id, nowMs);
    if (first === null) return { outcome: 'repeated', entries: [], undo: null };
    return { outcome: 'row', entries: rows.map((row): LogEntry => ({ kind: 'row', row })), undo: first.undo };
  }

  private join(part: Half, model: ModelId, bytes: number, nowMs: number): Step {
    const { side, callId } = part;
    const joined = this.joiner.offer({ model, callId, side, half: part, bytes }, nowMs);
    if (joined.kind !== 'pair') return { outcome: joined.kind, entries: [], undo: null };
    const call = callOf(joined.request, joined.response, nowMs);
    return { outcome: 'paired', entries: [{ kind: 'call', call }], undo: joined.undo };
  }
}

function callOf(request: Half, response: Half, nowMs: number): LoggedCall {
  return {
    id: request.callId,
    request: request.data,
    response: response.data,
    requestedAt: request.time ?? response.time,
    latencyMs: latencyOf(request.time, response.time, nowMs),
    modelVersion: response.modelVersion ?? request.modelVersion,
    context: { ...request.context, ...response.context },
  };
}

/** Between the times of both; null where one is missing, and where seconds are all they tell (Azure ML). */
function latencyOf(requested: string | null, answered: string | null, nowMs: number): number | null {
  if (requested === null || answered === null || !/\.\d/.test(requested)) return null;
  try {
    const ms = timestampMs(answered, nowMs) - timestampMs(requested, nowMs);
    return ms >= 0 ? ms : null;
  } catch {
    return null;
  }
}

/**
 * KServe's logger writes no response of a call that failed: a request without one is a failed call, as soon as the model's
 * responses are known to be logged. A response without its request is a prediction whose inputs are not known.
 */
function entryOfLone({ side, half, because, modelHasPairs }: GivenUp<Half>, { waitMs }: JoinLimits): LogEntry {
  const call: LoggedCall = {
    id: half.callId,
    request: side === 'request' ? half.data : undefined,
    response: side === 'response' ? half.data : undefined,
    requestedAt: half.time,
    latencyMs: null,
    modelVersion: half.modelVersion,
    context: half.context,
  };
  if (side === 'response') return { kind: 'call', call };
  if (because === 'time' && modelHasPairs) return { kind: 'call', call: { ...call, failed: true } };
  const why =
    because === 'memory'
      ? 'requests beyond intake.pairing.memory wait for their responses; the oldest are given up'
      : `no response came within ${waitMs / 1_000} s (intake.pairing.wait), and none of this model ever did: log responses too`;
  return { kind: 'refused', refusal: new Refusal('unanswered', 'response', why) };
}
