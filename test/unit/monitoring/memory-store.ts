import type { Codec } from '../../../exporter/src/domain/codec.js';
import { OutcomeUnknown } from '../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { TakenBatch } from '../../../exporter/src/domain/ingest.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import type { EarlyLabel, LabelEvidence, LedgerEntry } from '../../../exporter/src/domain/ledger.js';
import type { IncrementStore, IncrementTransaction, ModelStateRepository } from '../../../exporter/src/domain/ports.js';
import type { BaselineProfile, LearningState, WindowProfile } from '../../../exporter/src/domain/profile.js';
import type { StoredWindow, WindowPage } from '../../../exporter/src/domain/stored-windows.js';
import type { FleetStore } from '../../../exporter/src/monitoring/fleet-ports.js';
import { windowCodec, windowOutlineDecoder } from '../../../exporter/src/store/codecs/profile.js';

/** What is committed. */
interface Tables {
  readonly ledger: Map<string, LedgerEntry>;
  /** Keys of the ledger whose label has come. */
  readonly labelled: Set<string>;
  readonly labels: Map<string, EarlyLabel>;
  /** Of each model by its number. */
  readonly evidence: Map<ModelId, ReadonlyMap<number, LabelEvidence>>;
  readonly batches: Map<string, TakenBatch>;
  readonly windows: Map<ModelId, ReadonlyMap<number, WindowProfile>>;
  readonly baselines: Map<ModelId, BaselineProfile>;
  readonly learning: Map<ModelId, LearningState>;
  readonly settings: Map<string, string>;
  readonly counters: Map<ModelId, string>;
  readonly detectors: Map<ModelId, string>;
  readonly kinds: Map<ModelId, string>;
  readonly positions: Map<ModelId, string>;
}

const copyOf = (tables: Tables): Tables => ({
  ledger: new Map(tables.ledger),
  labelled: new Set(tables.labelled),
  labels: new Map(tables.labels),
  evidence: new Map(tables.evidence),
  batches: new Map(tables.batches),
  windows: new Map(tables.windows),
  baselines: new Map(tables.baselines),
  learning: new Map(tables.learning),
  settings: new Map(tables.settings),
  counters: new Map(tables.counters),
  detectors: new Map(tables.detectors),
  kinds: new Map(tables.kinds),
  positions: new Map(tables.positions),
});

/** Oldest first. */
const windowsOf = (tables: Tables, model: ModelId, fromMs = -Infinity, toMs = Infinity): readonly StoredWindow[] =>
  [...(tables.windows.get(model) ?? [])]
    .map(([windowStartMs, profile]) => ({ windowStartMs, profile }))
    .filter(({ windowStartMs }) => windowStartMs >= fromMs && windowStartMs < toMs)
    .sort((a, b) => a.windowStartMs - b.windowStartMs);

const newestOf = (tables: Tables, model: ModelId, { fromMs, toMs, limit }: WindowPage): readonly StoredWindow[] =>
  windowsOf(tables, model, fromMs, toMs).toReversed().slice(0, limit);

/**
 * The store's contract on maps, one transaction at a time, all or nothing; the real ones run in
 * test/integration/store.test.ts. Every operation takes a turn of `turn`, and may be made to fail.
 */
export class MemoryStore implements FleetStore {
  committed: Tables = {
    ledger: new Map(),
    labelled: new Set(),
    labels: new Map(),
    evidence: new Map(),
    batches: new Map(),
    windows: new Map(),
    baselines: new Map(),
    learning: new Map(),
    settings: new Map(),
    counters: new Map(),
    detectors: new Map(),
    kinds: new Map(),
    positions: new Map(),
  };
  /** Models that cannot be written. */
  readonly broken = new Set<ModelId>();
  /** So many commits are still refused at their end, when all was written. */
  refusedCommits = 0;
  /** Of so many commits nobody hears what has become of them before `said` does. */
  lostAnswers = 0;
  said: Promise<boolean> = Promise.resolve(true);
  /** Whether those happen. */
  doHappen = true;
  isDown = false;
  /** Models of every transaction that committed. */
  readonly transactions: ModelId[][] = [];
  private readonly known = new Map<ModelId, Model>();
  private connection: Promise<unknown> = Promise.resolve();

  /** Side by side, as on PostgreSQL: transactions of different models wait for each other no more. */
  areSideBySide = false;
  /** Comes in the middle of what a transaction writes of a model. */
  writing: (model: ModelId) => Promise<void> = () => Promise.resolve();

  /** Called at every turn. */
  onTurn: () => void = () => undefined;

  constructor(private readonly waitTurn: () => Promise<void> = () => Promise.resolve()) {}

  private async turn(): Promise<void> {
    await this.waitTurn();
    this.onTurn();
  }

  atomic<T>(_shard: number, _epoch: number, work: (store: IncrementTransaction) => Promise<T>): Promise<T> {
    const before = this.areSideBySide ? Promise.resolve() : this.connection;
    const result = before.then(async () => {
      await this.turn();
      if (this.isDown) throw new Error('the disk is full');
      const copy = copyOf(this.committed);
      const models = new Set<ModelId>();
      const changes: ((to: Tables) => void)[] = [];
      const increments = this.increments(() => copy, models, changes);
      const { callCounters } = increments;
      const save: typeof callCounters.save = async (model, ...state) => {
        await this.writing(model);
        await callCounters.save(model, ...state);
      };
      const done = await work({
        ...increments,
        callCounters: { ...callCounters, save },
        governance: (decide) => this.governance(decide),
      });
      await this.turn();
      if (this.refusedCommits > 0) {
        this.refusedCommits -= 1;
        throw new Error('the commit was refused');
      }
      const isLost = this.lostAnswers > 0;
      if (!isLost || this.doHappen) {
        const now = copyOf(this.committed);
        for (const change of changes) change(now);
        this.committed = now;
        this.transactions.push([...models]);
      }
      if (!isLost) return done;
      this.lostAnswers -= 1;
      throw new OutcomeUnknown('the store does not say', this.said);
    });
    this.connection = result.catch(() => undefined);
    return result;
  }

  readonly governance: FleetStore['governance'] = () => {
    return Promise.reject(new Error('nothing is decided here'));
  };

  private increments(
    tables: () => Tables,
    models = new Set<ModelId>(),
    changes: ((to: Tables) => void)[] = [],
  ): IncrementStore {
    const read = async <T>(work: (from: Tables) => T): Promise<T> => {
      await this.turn();
      return work(tables());
    };
    const write = async (model: ModelId | null, work: (to: Tables) => void): Promise<void> => {
      await this.turn();
      if (this.isDown || (model !== null && this.broken.has(model))) throw new Error(`cannot write ${String(model)}`);
      if (model !== null) models.add(model);
      changes.push(work);
      work(tables());
    };
    const stateOf = (name: 'counters' | 'detectors' | 'kinds' | 'positions'): ModelStateRepository => ({
      get: <T>(model: ModelId, codec: Codec<T>) =>
        read((from) => {
          const text = from[name].get(model);
          return text === undefined ? null : codec.decode(text);
        }),
      save: <T>(model: ModelId, codec: Codec<T>, state: T) =>
        write(model, (to) => void to[name].set(model, codec.encode(state))),
    });
    return {
      baselines: {
        current: (model) => read((from) => from.baselines.get(model) ?? null),
        versions: () => Promise.resolve([]),
        save: (model, baseline) => write(model, (to) => void to.baselines.set(model, baseline)),
        saveNew: (model, baseline) =>
          write(model, (to) => void to.baselines.set(model, to.baselines.get(model) ?? baseline)),
        learning: (model) => read((from) => from.learning.get(model) ?? null),
        saveLearning: (model, state) => write(model, (to) => void to.learning.set(model, state)),
      },
      windows: {
        saveAll: async (rows) => {
          for (const { model, windowStartMs, profile } of rows)
            await write(model, ({ windows }) => {
              windows.set(model, new Map([...(windows.get(model) ?? []), [windowStartMs, profile]]));
            });
        },
        range: (model, fromMs, toMs) => read((from) => windowsOf(from, model, fromMs, toMs)),
        at: (model, startsMs) =>
          read((from) => windowsOf(from, model).filter(({ windowStartMs }) => startsMs.includes(windowStartMs))),
        newest: (model, page) => read((from) => newestOf(from, model, page)),
        newestOutlines: (model, page) =>
          read((from) =>
            newestOf(from, model, page).map(({ windowStartMs, profile }) => ({
              windowStartMs,
              profile: windowOutlineDecoder.decode(windowCodec.encode(profile)),
            })),
          ),
        prune: () => Promise.resolve(0),
      },
      ledger: {
        saveAll: (entries) =>
          write(entries[0]?.model ?? null, (to) => {
            for (const entry of entries) {
              const key = `${entry.model}|${entry.predictionIdHash}`;
              to.ledger.set(key, entry);
              to.labelled.delete(key);
            }
          }),
        take: async (model, hashes) => {
          const keys = hashes.map((hash) => `${model}|${hash}`);
          const found = await read((from) => keys.flatMap((key) => from.ledger.get(key) ?? []));
          await write(model, (to) => {
            for (const key of keys) if (to.ledger.delete(key)) to.labelled.add(key);
          });
          return found;
        },
        labelledAmong: (model, hashes) =>
          read((from) => hashes.filter((hash) => from.labelled.has(`${model}|${hash}`))),
        saveLabels: (labels) =>
          write(labels[0]?.model ?? null, (to) => {
            for (const label of labels) to.labels.set(`${label.model}|${label.predictionIdHash}`, label);
          }),
        takeLabels: async (model, hashes) => {
          const keys = hashes.map((hash) => `${model}|${hash}`);
          const found = await read((from) => keys.flatMap((key) => from.labels.get(key) ?? []));
          await write(model, (to) => {
            for (const key of keys) to.labels.delete(key);
          });
          return found;
        },
        waitingAmong: (model, hashes) => read((from) => hashes.filter((hash) => from.labels.has(`${model}|${hash}`))),
        labelsWaiting: (model) =>
          read((from) => [...from.labels.values()].filter((label) => label.model === model).length),
        dropLabels: () => Promise.resolve(0),
        prune: () => Promise.resolve(0),
      },
      labelEvidence: {
        add: (model, first, labels) =>
          write(model, ({ evidence }) => {
            const known = evidence.get(model) ?? new Map<number, LabelEvidence>();
            if (known.has(first)) throw new Error(`label ${first} is stored already`);
            evidence.set(model, new Map([...known, ...labels.map((label, i) => [first + i, label] as const)]));
          }),
        list: (model) =>
          read((from) =>
            [...(from.evidence.get(model) ?? [])]
              .sort(([a], [b]) => a - b)
              .map(([first, label]) => ({ first, labels: [label] })),
          ),
        drop: (model, before) =>
          write(model, ({ evidence }) => {
            evidence.set(model, new Map([...(evidence.get(model) ?? [])].filter(([number]) => number >= before)));
          }),
      },
      batches: {
        find: (model, batchId) => read((from) => from.batches.get(`${model}|${batchId}`) ?? null),
        save: (model, batchId, taken) => write(model, (to) => void to.batches.set(`${model}|${batchId}`, taken)),
        prune: () => Promise.resolve(0),
      },
      settings: {
        get: (setting) =>
          read((from) => {
            const text = from.settings.get(setting.name);
            return text === undefined ? null : setting.decode(text);
          }),
        setOnce: (setting, value) =>
          read((to) => {
            const text = to.settings.get(setting.name) ?? setting.encode(value);
            to.settings.set(setting.name, text);
            return setting.decode(text);
          }),
        set: (setting, value) => write(null, (to) => void to.settings.set(setting.name, setting.encode(value))),
      },
      callCounters: stateOf('counters'),
      driftMonitors: stateOf('detectors'),
      featureKinds: stateOf('kinds'),
      logPositions: stateOf('positions'),
    };
  }

  private readonly direct = this.increments(() => this.committed);
  readonly baselines = this.direct.baselines;
  readonly windows = this.direct.windows;
  readonly ledger = this.direct.ledger;
  readonly labelEvidence = this.direct.labelEvidence;
  readonly batches = this.direct.batches;
  readonly settings = this.direct.settings;
  readonly callCounters = this.direct.callCounters;
  readonly driftMonitors = this.direct.driftMonitors;
  readonly featureKinds = this.direct.featureKinds;
  readonly logPositions = this.direct.logPositions;
  readonly models: FleetStore['models'] = {
    list: () => Promise.resolve({ models: [...this.known.values()], damaged: [] }),
    get: (id) => Promise.resolve(this.known.get(id) ?? null),
    save: async (model) => {
      await this.turn();
      this.known.set(model.id, model);
    },
    unlist: (id) => Promise.resolve(void this.known.delete(id)),
    remove: (id) => Promise.resolve(void this.known.delete(id)),
    forgetHistory: () => Promise.resolve(),
    drop: (id) => Promise.resolve(this.known.delete(modelId(id)) ? { deleted: 0, kept: 0 } : null),
  };
  readonly lessons: FleetStore['lessons'] = { save: () => Promise.resolve(), list: () => Promise.resolve([]) };
  readonly alertFeedback: FleetStore['alertFeedback'] = {
    save: () => Promise.resolve(),
    list: () => Promise.resolve([]),
  };
  readonly validations: FleetStore['validations'] = { save: () => Promise.resolve(), list: () => Promise.resolve([]) };

  away: string | null = null;
  awayBecause(): string | null {
    return this.away;
  }

  async check(): Promise<void> {
    await this.turn();
    if (this.isDown) throw new Error('the disk is full');
  }
}
