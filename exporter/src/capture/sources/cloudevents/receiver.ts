import { NO_MAPPING, type FieldMapping } from '../../../domain/field-mapping.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { IngestBatch, IngestResult, IntakeLimits, RowTaker } from '../../../domain/ingest.js';
import { batchOfEntries, type LogEntry } from '../../ingest/calls/batch.js';
import { modelOfService } from '../services.js';
import { callOf, entryOfLone, type Half } from './call-entries.js';
import { CallJoiner, type GivenUp, type JoinLimits } from './call-joiner.js';
import { partOf, type EventPart } from './dialects.js';
import { memoryOf } from './memory-of.js';
import { readEvents } from './read-events.js';

export interface EventIntakeSettings extends IntakeLimits {
  readonly models: ReadonlyMap<string, FieldMapping>;
  readonly services: ReadonlyMap<string, ModelId>;
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
  readonly models: RowTaker;
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

/** An event that is a row of a model, or half of one. */
interface Addressed {
  /** Its number in the request, from 1. */
  readonly event: number;
  readonly model: ModelId;
  readonly part: Exclude<EventPart, { kind: 'skipped' }>;
  /** The context it happened in, which has a clock and a delay of its own. */
  readonly source: string;
  /** The same for both halves of a call, and for what repeats it. */
  readonly key: string;
}

/** What one event brings; `undo` for a sender that repeats it because it could not be taken. */
interface Step {
  readonly outcome: EventOutcome;
  readonly entries: readonly LogEntry[];
  readonly undo: (() => void) | null;
}

/** What one request brings for a model from one source; `events` are the numbers of the entries' events. */
interface Found {
  readonly model: ModelId;
  readonly source: string;
  readonly entries: LogEntry[];
  readonly events: number[];
  readonly undo: (() => void)[];
  /** Of events that are rows in themselves, by number: what forgets them, and how many rows they are. */
  readonly whole: Map<number, { readonly undo: () => void; rows: number }>;
}

/** What a request's answer is made of. */
class Tally {
  readonly outcomes = new Map<EventOutcome, number>();
  readonly errors: { event: number; field: string; message: string }[] = [];
  rows = 0;
  rejected = 0;

  note(outcome: EventOutcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  refuse(event: number, field: string, message: string): void {
    this.note('refused');
    this.tell(event, field, message);
  }

  tell(event: number, field: string, message: string): void {
    if (this.errors.length < ERRORS_TOLD) this.errors.push({ event, field, message });
  }

  get taken(): EventsTaken {
    const of = (outcome: EventOutcome): number => this.outcomes.get(outcome) ?? 0;
    return {
      rows: this.rows,
      waiting: of('waiting'),
      repeated: of('repeated') + of('late'),
      skipped: of('skipped'),
      refused: of('refused') + this.rejected,
      errors: this.errors,
    };
  }
}

const ERRORS_TOLD = 20;
const BYTES_PER_HALF = 500;
const LONGEST_SOURCE = 128;

/** Takes CloudEvents, puts the halves of calls together, and counts what they are as rows of their models. */
export class EventReceiver {
  private readonly joiner = new CallJoiner<Half>();
  /** Calls whose rows are being taken; the promise ends, and never fails, once they are taken or wait again. */
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(private readonly ports: EventReceiverPorts) {}

  /** Halves that wait, and their bytes. */
  get waiting(): { readonly halves: number; readonly bytes: number } {
    return { halves: this.joiner.size, bytes: this.joiner.bytes };
  }

  /**
   * @param ensureWatched finds or makes the model of a service that the configuration does not name
   * @throws what `ensureWatched` and the taking of a batch throw; events of other models of the request may be counted then,
   *   and repeated they are known to be
   */
  async receive(
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    body: Buffer,
    nowMs: number,
    acknowledge: 'commit' | 'memory',
    ensureWatched: (name: string) => Promise<ModelId>,
    sender = '',
  ): Promise<EventsTaken> {
    const tally = new Tally();
    const addressed = await this.address(headers, body, tally, ensureWatched);
    // A repetition is known to be one only when what it repeats is taken.
    for (let busy = this.busy(addressed); busy !== undefined; busy = this.busy(addressed)) await busy;
    const keys = new Set(addressed.map(({ key }) => key));
    const found = this.join(addressed, nowMs, tally);
    const taking = this.takeAll(found, nowMs, { acknowledge, sender }, tally);
    const ended = taking.then(
      () => undefined,
      () => undefined,
    );
    for (const key of keys) this.underWay.set(key, ended);
    await taking.finally(() => {
      for (const key of keys) this.underWay.delete(key);
    });
    // What cannot be given up now waits for the next sweep, and is no failure of these events.
    if (this.joiner.bytes > this.ports.settings().pairing.memoryBytes) await this.sweep(nowMs).catch(() => undefined);
    for (const [outcome, events] of tally.outcomes) this.ports.count(outcome, events);
    return tally.taken;
  }

  /**
   * Gives up what waited too long or does not fit: it is counted as what it is without its other half.
   * @throws the first error of a model whose halves could not be taken; these wait again, unless the memory is needed
   */
  sweep(nowMs: number): Promise<void> {
    return this.giveUp(nowMs, false);
  }

  /** Gives up all that waits, for mlfi stops. @throws as `sweep` */
  stop(nowMs: number): Promise<void> {
    return this.giveUp(nowMs, true);
  }

  private async giveUp(nowMs: number, isStopping: boolean): Promise<void> {
    const { pairing } = this.ports.settings();
    const halves = new Map<ModelId, GivenUp<Half>[]>();
    for (const half of this.joiner.giveUp(nowMs, pairing, isStopping))
      halves.set(half.model, [...(halves.get(half.model) ?? []), half]);
    const errors: unknown[] = [];
    for (const [model, list] of halves) {
      const entries = list.map((half) => entryOfLone(half, pairing));
      try {
        if (this.ports.models.has(model))
          await this.take(model, entries, nowMs, {
            acknowledge: isStopping ? 'commit' : 'memory',
            sender: 'calls without an answer',
          });
        this.ports.count('unanswered', list.length);
      } catch (error) {
        errors.push(error);
        const lost = list.filter(({ because }) => because === 'memory');
        this.ports.count('unanswered', lost.length);
        for (const { because, undo } of list) if (because !== 'memory') undo();
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Reads the events and finds the model of each; nothing is remembered of them yet. */
  private async address(
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    body: Buffer,
    tally: Tally,
    ensureWatched: (name: string) => Promise<ModelId>,
  ): Promise<readonly Addressed[]> {
    const addressed: Addressed[] = [];
    const { rowsPerBatch } = this.ports.settings();
    let rows = 0;
    for (const [i, reading] of readEvents(headers, body, this.ports).entries()) {
      const event = i + 1;
      if (reading.kind === 'refused') {
        tally.refuse(event, reading.field, reading.message);
        continue;
      }
      const part = partOf(reading.event);
      if (part.kind === 'skipped') {
        tally.note('skipped');
        continue;
      }
      const more = part.kind === 'row' ? part.rows.length : 1;
      if (rows + more > rowsPerBatch) {
        tally.refuse(event, 'data', `a request of more than ${rowsPerBatch} rows (intake.limits.rows_per_batch)`);
        continue;
      }
      rows += more;
      const settings = { ...this.ports.settings(), models: this.ports.models, ensureWatched };
      const model = await modelOfService(part.service, settings);
      if (typeof model !== 'string') tally.refuse(event, 'service', model.problem);
      else
        addressed.push({
          ...{ event, model, part, source: reading.event.source.slice(0, LONGEST_SOURCE) },
          key: `${model} ${part.kind === 'row' ? `row ${part.id}` : part.callId}`,
        });
    }
    return addressed;
  }

  private busy(addressed: readonly Addressed[]): Promise<void> | undefined {
    return addressed.map(({ key }) => this.underWay.get(key)).find((ended) => ended !== undefined);
  }

  private join(addressed: readonly Addressed[], nowMs: number, tally: Tally): readonly Found[] {
    const found = new Map<string, Found>();
    for (const { event, model, part, source } of addressed) {
      const { outcome, entries, undo } =
        part.kind === 'row' ? this.once(part, model, nowMs) : this.pair(part, model, nowMs);
      tally.note(outcome);
      const key = `${model} ${source}`;
      const ofModel: Found = found.get(key) ?? {
        ...{ model, source, entries: [], events: [], undo: [], whole: new Map() },
      };
      found.set(key, ofModel);
      for (const entry of entries) {
        ofModel.entries.push(entry);
        ofModel.events.push(event);
      }
      if (undo === null) continue;
      ofModel.undo.push(undo);
      if (part.kind === 'row') ofModel.whole.set(event, { undo, rows: entries.length });
    }
    return [...found.values()];
  }

  /** @throws the first error of a model whose rows could not be taken; those of the others are */
  private async takeAll(
    found: readonly Found[],
    nowMs: number,
    how: Pick<IngestBatch, 'acknowledge' | 'sender'>,
    tally: Tally,
  ): Promise<void> {
    const errors: unknown[] = [];
    for (const { model, source, entries, events, undo, whole } of found) {
      if (entries.length === 0) continue;
      try {
        const from = { ...how, sender: `${how.sender ?? ''} ${source}`.trim() };
        const { accepted, rejected, errors: refused } = await this.take(model, entries, nowMs, from);
        tally.rows += accepted;
        tally.rejected += rejected;
        for (const { line, field, message } of refused) {
          const event = events[line - 1] ?? line;
          tally.tell(event, field, message);
          const known = whole.get(event);
          // Nothing of it was counted: it may come again, put right.
          if (known !== undefined && (known.rows -= 1) === 0) known.undo();
        }
      } catch (error) {
        errors.push(error);
        for (const back of undo) back();
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  private take(
    model: ModelId,
    entries: readonly LogEntry[],
    nowMs: number,
    how: Pick<IngestBatch, 'acknowledge' | 'sender'>,
  ): Promise<IngestResult> {
    const settings = this.ports.settings();
    const mapping = settings.models.get(model) ?? NO_MAPPING;
    const batch = batchOfEntries(entries, nowMs, settings, mapping);
    return this.ports.models.ingest(model, { ...batch, batchId: null, bodyDigest: null, ...how });
  }

  private once({ id, rows }: Extract<EventPart, { kind: 'row' }>, model: ModelId, nowMs: number): Step {
    const first = this.joiner.isNew(model, id, nowMs);
    if (first === null) return { outcome: 'repeated', entries: [], undo: null };
    return { outcome: 'row', entries: rows.map((row): LogEntry => ({ kind: 'row', row })), undo: first.undo };
  }

  private pair(part: Half, model: ModelId, nowMs: number): Step {
    const { side, callId } = part;
    const bytes = memoryOf(part.data) + BYTES_PER_HALF;
    const joined = this.joiner.offer({ model, callId, side, half: part, bytes }, nowMs);
    if (joined.kind !== 'pair') return { outcome: joined.kind, entries: [], undo: null };
    const call = callOf(joined.request, joined.response, nowMs);
    return { outcome: 'paired', entries: [{ kind: 'call', call }], undo: joined.undo };
  }
}
