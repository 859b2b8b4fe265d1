import type { ModelId } from '../../../domain/identifiers.js';
import { Unavailable } from '../../../domain/errors.js';
import type { RowTaker } from '../../../domain/ingest.js';
import type { KafkaSource } from '../../../domain/kafka-source.js';
import type { BatchReader } from '../../ingest/batch-reader.js';
import { modelOfService, type ServicePorts } from '../services.js';
import type { ModelPositions } from './model-positions.js';
import {
  Outcomes,
  type LoggedRecord,
  type Portion,
  type Reading,
  type RecordPlace,
  type RecordReader,
} from './reading.js';
import { linesOf } from './record-lines.js';

export interface RowReaderPorts {
  readonly batches: Pick<BatchReader, 'readLines' | 'namedModels'>;
  readonly models: Pick<RowTaker, 'has'>;
  readonly services: () => ServicePorts['services'];
  readonly ensureWatched: ServicePorts['ensureWatched'];
  readonly rowsPerBatch: () => number;
  readonly positions: ModelPositions;
}

/** So many rows are read together: fewer than may be refused before the rest of a body is not read. */
const ROWS_TOGETHER = 1_000;
const NOTHING: Reading = { portions: [], outcomes: new Map() };

interface Lined {
  readonly offset: number;
  readonly place: RecordPlace;
  readonly lines: readonly string[];
}

/** Reads records that hold rows as they are sent to `…/observations`, one or several each. */
export class RowReader implements RecordReader {
  readonly waitingBytes = 0;

  constructor(
    private readonly ports: RowReaderPorts,
    private readonly source: Pick<KafkaSource, 'name' | 'model'>,
  ) {}

  async read(records: readonly LoggedRecord[], nowMs: number): Promise<Reading> {
    const outcomes = new Outcomes();
    const found = new Map<string, { readonly model: ModelId; readonly log: string; readonly records: Lined[] }>();
    const named = new Map<string, ModelId | null>();
    for (const { log, topic, partition, offset, value } of records) {
      const lines = value === null ? [] : linesOf(value);
      if (lines.length === 0) {
        outcomes.note('skipped');
        continue;
      }
      const model = await this.modelOf(lines, named);
      if (model === null) outcomes.note('refused');
      else if (this.ports.positions.isTaken(model, log, offset)) outcomes.note('known');
      else {
        const key = `${model}\n${log}`;
        const ofModel = found.get(key) ?? { model, log, records: [] };
        found.set(key, ofModel);
        ofModel.records.push({ offset, place: { topic, partition, offset }, lines });
      }
    }
    const portions = [...found.values()].flatMap((each) => this.portionsOf(each, nowMs, outcomes));
    return { portions, outcomes: outcomes.counts };
  }

  giveUp(): Reading {
    return NOTHING;
  }

  heldAt(): null {
    return null;
  }

  private portionsOf(
    { model, log, records }: { readonly model: ModelId; readonly log: string; readonly records: readonly Lined[] },
    nowMs: number,
    outcomes: Outcomes,
  ): readonly Portion[] {
    return together(records, Math.min(ROWS_TOGETHER, this.ports.rowsPerBatch())).map((slice) => {
      const taken = new Set<Lined>();
      const from = slice.flatMap((record) => record.lines.map(() => record));
      const lines = slice.flatMap((record) => record.lines);
      const batch = this.ports.batches.readLines(lines, nowMs, model, (line) => {
        const record = from[line - 1];
        if (record !== undefined) taken.add(record);
      });
      outcomes.note('taken', taken.size);
      outcomes.note('refused', slice.length - taken.size);
      const next = (slice.at(-1)?.offset ?? -1) + 1;
      const sender = `kafka ${this.source.name} ${log}`;
      const recordOf = (line: number): RecordPlace | null => from[line - 1]?.place ?? null;
      return { model, sender, batch, steps: [this.ports.positions.step(model, log, next, [])], recordOf };
    });
  }

  /** Null where rows say no one model that is known or may be made. @throws Unavailable while the source's model is not watched */
  private async modelOf(lines: readonly string[], named: Map<string, ModelId | null>): Promise<ModelId | null> {
    const { models, positions } = this.ports;
    const { model: fixed } = this.source;
    if (fixed !== null) {
      if (!models.has(fixed)) throw new Unavailable(`the model "${fixed}" is not watched`);
      await positions.load(fixed);
      return fixed;
    }
    const [name, ...others] = this.ports.batches.namedModels(lines.join('\n'));
    if (typeof name !== 'string' || others.length > 0) return null;
    const known = named.get(name);
    if (known !== undefined) return known;
    const model = await modelOfService(
      { names: [name], newName: name },
      { services: this.ports.services(), models, ensureWatched: this.ports.ensureWatched },
    );
    const id = typeof model === 'string' ? model : null;
    named.set(name, id);
    if (id !== null) await positions.load(id);
    return id;
  }
}

/** Records in their order, as many together as make so many rows. */
function together(records: readonly Lined[], mostRows: number): readonly (readonly Lined[])[] {
  const slices: Lined[][] = [];
  let rows = Infinity;
  for (const record of records) {
    if (rows + record.lines.length > mostRows) {
      slices.push([]);
      rows = 0;
    }
    slices.at(-1)?.push(record);
    rows += record.lines.length;
  }
  return slices;
}
