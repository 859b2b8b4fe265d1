import { NO_MAPPING } from '../../../domain/field-mapping.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { RowTaker } from '../../../domain/ingest.js';
import { batchOfEntries, type LogEntry } from '../../ingest/calls/batch.js';
import { callOf, entryOfLone, type Half } from '../cloudevents/call-entries.js';
import { CallJoiner, type GivenUp } from '../cloudevents/call-joiner.js';
import { partOf, type EventPart } from '../cloudevents/dialects.js';
import { memoryOf } from '../cloudevents/memory-of.js';
import { readEvents } from '../cloudevents/read-events.js';
import type { EventIntakeSettings } from '../cloudevents/receiver.js';
import { modelOfService, type ServicePorts } from '../services.js';
import { headersOf } from './event-headers.js';
import type { ModelPositions } from './model-positions.js';
import {
  Outcomes,
  type LoggedRecord,
  type Portion,
  type Reading,
  type RecordOutcome,
  type RecordReader,
} from './reading.js';

export interface EventReaderPorts {
  readonly settings: () => EventIntakeSettings;
  readonly maximumDataBytes: number;
  readonly models: Pick<RowTaker, 'has'>;
  readonly ensureWatched: ServicePorts['ensureWatched'];
  readonly positions: ModelPositions;
}

/** Where an event stands. */
interface Place {
  readonly log: string;
  readonly offset: number;
}
interface Addressed extends Place {
  readonly model: ModelId;
  readonly part: Exclude<EventPart, { kind: 'skipped' }>;
}
type PlacedHalf = Place & { readonly part: Half };

/** What is new of a model. */
interface Found {
  /** What each event holds, or each call that is whole. */
  readonly events: (readonly LogEntry[])[];
  /** By log, the offset behind the last of its events. */
  readonly next: Map<string, number>;
}

const BYTES_PER_HALF = 500;
/** Requests that wait are read again by whoever has their partition next, and stored as offsets. */
const MOST_WAITING = 10_000;

/** Reads records that are CloudEvents, and puts the halves of calls together; a half that waits holds its partition's offset. */
export class EventReader implements RecordReader {
  private readonly joiner = new CallJoiner<PlacedHalf>();
  private readonly waiting = new Map<ModelId, Map<string, Set<number>>>();
  /** By log, all that wait; ascending, for the records of a partition come in their order. */
  private readonly held = new Map<string, Set<number>>();

  /** @param name of the source */
  constructor(
    private readonly ports: EventReaderPorts,
    private readonly name: string,
  ) {}

  get waitingBytes(): number {
    return this.joiner.bytes;
  }

  async read(records: readonly LoggedRecord[], nowMs: number): Promise<Reading> {
    const outcomes = new Outcomes();
    const addressed: Addressed[] = [];
    for (const record of records) {
      const event = await this.address(record);
      if (typeof event === 'string') outcomes.note(event);
      else addressed.push(event);
    }
    const found = new Map<ModelId, Found>();
    for (const event of addressed) {
      const outcome = this.join(event, found, nowMs);
      if (outcome !== null) outcomes.note(outcome);
    }
    return { portions: this.portionsOf(found, nowMs, outcomes), outcomes: outcomes.counts };
  }

  giveUp(nowMs: number): Reading {
    const outcomes = new Outcomes();
    const found = new Map<ModelId, Found>();
    const { pairing } = this.ports.settings();
    for (const given of this.joiner.giveUp(nowMs, { ...pairing, halves: MOST_WAITING })) {
      const { model, half } = given;
      const lone: GivenUp<Half> = { ...given, half: half.part };
      this.forget(model, half);
      outcomes.note('unanswered');
      // Of a model that is gone there is nobody to count it.
      if (this.ports.models.has(model)) put(found, model, half, [entryOfLone(lone, pairing)]);
    }
    return { portions: this.portionsOf(found, nowMs, new Outcomes()), outcomes: outcomes.counts };
  }

  heldAt(log: string): number | null {
    const [oldest = null] = this.held.get(log) ?? [];
    return oldest;
  }

  /** The event of a record and its model; or what became of it. */
  private async address(record: LoggedRecord): Promise<Addressed | RecordOutcome> {
    const { log, offset, value } = record;
    if (value === null) return 'skipped';
    const [reading] = readEvents(headersOf(record), value, this.ports);
    if (reading?.kind !== 'event') return 'refused';
    const part = partOf(reading.event);
    if (part.kind === 'skipped') return 'skipped';
    const { services } = this.ports.settings();
    const { models, ensureWatched, positions } = this.ports;
    const model = await modelOfService(part.service, { services, models, ensureWatched });
    if (typeof model !== 'string') return 'refused';
    await positions.load(model);
    return { log, offset, model, part };
  }

  /** What became of an event; null where that is seen once its rows are read. */
  private join({ model, part, ...place }: Addressed, found: Map<ModelId, Found>, nowMs: number): RecordOutcome | null {
    if (this.ports.positions.isTaken(model, place.log, place.offset)) return 'known';
    if (part.kind === 'row') {
      const isNew = this.joiner.isNew(model, part.id, nowMs) !== null;
      put(found, model, place, isNew ? part.rows.map((row): LogEntry => ({ kind: 'row', row })) : []);
      return !isNew ? 'repeated' : part.rows.length === 0 ? 'skipped' : null;
    }
    const bytes = memoryOf(part.data) + BYTES_PER_HALF;
    const { side, callId } = part;
    const joined = this.joiner.offer({ model, callId, side, half: { ...place, part }, bytes }, nowMs);
    if (joined.kind === 'waiting') {
      this.remember(model, place);
      return 'waiting';
    }
    if (joined.kind !== 'pair') {
      put(found, model, place, []);
      return 'repeated';
    }
    this.forget(model, joined.first);
    put(found, model, joined.first, []);
    put(found, model, place, [{ kind: 'call', call: callOf(joined.request.part, joined.response.part, nowMs) }]);
    return null;
  }

  private portionsOf(found: ReadonlyMap<ModelId, Found>, nowMs: number, outcomes: Outcomes): readonly Portion[] {
    const settings = this.ports.settings();
    return [...found].map(([model, { events, next }]) => {
      const taken = new Set<LogEntry>();
      const mapping = settings.models.get(model) ?? NO_MAPPING;
      const batch = batchOfEntries(events.flat(), nowMs, settings, mapping, (entry) => taken.add(entry));
      for (const entries of events) outcomes.note(entries.some((entry) => taken.has(entry)) ? 'taken' : 'refused');
      const steps = [...next].map(([log, behind]) =>
        this.ports.positions.step(model, log, behind, this.waiting.get(model)?.get(log) ?? []),
      );
      return { model, sender: `kafka ${this.name}`, batch, steps };
    });
  }

  private remember(model: ModelId, { log, offset }: Place): void {
    const ofModel = this.waiting.get(model) ?? new Map<string, Set<number>>();
    this.waiting.set(model, ofModel);
    for (const logs of [ofModel, this.held]) logs.set(log, (logs.get(log) ?? new Set()).add(offset));
  }

  private forget(model: ModelId, { log, offset }: Place): void {
    for (const logs of [this.waiting.get(model), this.held]) logs?.get(log)?.delete(offset);
  }
}

function put(found: Map<ModelId, Found>, model: ModelId, { log, offset }: Place, entries: readonly LogEntry[]): void {
  const ofModel: Found = found.get(model) ?? { events: [], next: new Map() };
  found.set(model, ofModel);
  if (entries.length > 0) ofModel.events.push(entries);
  ofModel.next.set(log, Math.max(ofModel.next.get(log) ?? 0, offset + 1));
}
