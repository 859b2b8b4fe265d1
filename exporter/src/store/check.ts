import type { Knex } from 'knex';
import type { Execution } from '../domain/decision.js';
import type { DamagedTable } from '../domain/ports.js';
import { PRIORITIES, RECOMMENDATION_STATES, type RecommendationState } from '../domain/recommendation.js';
import { StoreDocumentDamaged, UnreadableDocument, type Decoder, type RowColumns } from '../domain/codec.js';
import { alertCodec, alertFeedbackCodec } from './codecs/alert.js';
import { apiKeyCodec } from './codecs/api-key.js';
import {
  attemptCodec,
  executionCodec,
  KILL_SWITCH,
  reviewCodec,
  verificationCodec,
  voteCodec,
} from './codecs/decision.js';
import { incidentCodec, timelineRow } from './codecs/incident.js';
import { ingestResultCodec } from './codecs/ingest-result.js';
import { labelEvidenceCodec } from './codecs/label-evidence.js';
import { ledgerEntryCodec, waitingLabelCodec } from './codecs/ledger.js';
import { lessonCodec } from './codecs/lesson.js';
import { modelCodec } from './codecs/model.js';
import { baselineCodec, learningCodec, windowCodec } from './codecs/profile.js';
import { recommendationCodec } from './codecs/recommendation.js';
import { validationCodec } from './codecs/validation.js';
import { damageIn } from './integrity.js';
import { readDocument } from './documents.js';

/** Codecs of documents whose owners are elsewhere. */
export interface OwnersCodecs {
  readonly callCounters: Decoder<unknown>;
  readonly featureKinds: Decoder<unknown>;
  readonly logPositions: Decoder<unknown>;
  readonly driftMonitor: Decoder<unknown>;
  readonly settings: readonly (Decoder<unknown> & { readonly name: string })[];
}

export interface StoreCheck {
  /** Documents read. */
  readonly documents: number;
  readonly damaged: readonly StoreDocumentDamaged[];
  /** Tables that are not as the database wrote them. */
  readonly unreadable: readonly DamagedTable[];
}

/** Where documents lie: the columns that name a row, the one with the document, and the one that says of which model it is. */
export interface DocumentTable {
  readonly table: string;
  readonly key: readonly string[];
  /** Null where the row itself is what is read. */
  readonly document: string | null;
  readonly model: string | null;
  /** A damaged row stays when its model is let go of: that is no way back for it. */
  readonly isKept?: true;
  /** What is selected of a row besides its columns, in SQL, where the other table that it is of can be read. */
  readonly besides?: { readonly of: string; readonly sql: string };
  /** Null for a row that holds no document of ours. */
  readonly codecOf: (row: Readonly<Record<string, unknown>>) => Decoder<unknown> | null;
}

const ROWS_AT_ONCE = 200;

const documents = (
  table: string,
  key: readonly string[],
  model: string | null,
  codec: Decoder<unknown>,
  document: string | null = 'document',
): DocumentTable => ({ table, key, document, model, codecOf: () => codec });

/**
 * The same decoder, which compares as well the columns that rows are found and counted by. Whoever reads a document goes by these
 * where they say otherwise, so that only the check looks.
 */
function withColumns<T>(own: Decoder<T>, columnsOf: (value: T, row: RowColumns) => RowColumns): Decoder<T> {
  return {
    ...own,
    decode(text, row = {}) {
      const value = own.decode(text, row);
      for (const [column, expected] of Object.entries(columnsOf(value, row))) {
        const stored = row[column];
        // A store of an earlier release has fewer columns.
        if (stored === undefined || String(stored) === String(expected)) continue;
        throw new UnreadableDocument('damaged', `its column ${column} says otherwise`);
      }
      return value;
    },
  };
}

/** The model of the recommendation an execution belongs to. */
const OF_RECOMMENDATION = 'model_of_recommendation';
const checkedIncident = withColumns(incidentCodec, ({ openedAtMs, closedAtMs }) => ({
  opened_at_ms: openedAtMs,
  closed_at_ms: closedAtMs,
}));
const checkedAlert = withColumns(alertCodec, ({ endsAtMs, modelId: model }) => ({ ends_at_ms: endsAtMs, model }));
// Its state is nowhere but in its column.
const checkedRecommendation = withColumns(recommendationCodec, ({ priority, createdAtMs }, { state }) => ({
  priority: PRIORITIES.indexOf(priority),
  created_at_ms: createdAtMs,
  state: RECOMMENDATION_STATES.find((known) => known === state) ?? 'a known one',
}));
const checkedExecution = withColumns(executionCodec, ({ state, executor, queuedAtMs }, row) => ({
  state,
  executor,
  queued_at_ms: queuedAtMs,
  ...(OF_RECOMMENDATION in row ? { model: row[OF_RECOMMENDATION] ?? null } : {}),
}));
const checkedVote = withColumns(voteCodec, ({ by: { subject }, verdict, atMs }) => ({ subject, verdict, at_ms: atMs }));

/** Decisions of one model: they are never deleted, whoever lets go of it. */
const decisions: DocumentTable = {
  ...documents('recommendation', ['id'], 'model', checkedRecommendation),
  isKept: true,
};
const executions: DocumentTable = {
  ...documents('execution', ['id'], 'model', checkedExecution),
  isKept: true,
  besides: {
    of: 'recommendation',
    sql: `(select r.model from recommendation r where r.id = execution.recommendation) as ${OF_RECOMMENDATION}`,
  },
};

/** Documents of one model that are no history: they go with it. Those of `history` stay, unless they are damaged. */
const history: readonly DocumentTable[] = [
  documents('incident', ['id'], 'model', checkedIncident),
  documents('lesson', ['id'], 'model', lessonCodec),
  documents('model_validation', ['id'], 'model', validationCodec),
];

function allDocuments({
  callCounters,
  featureKinds,
  logPositions,
  driftMonitor,
  settings,
}: OwnersCodecs): readonly DocumentTable[] {
  const named = new Map([...settings, KILL_SWITCH].map((one) => [one.name, one]));
  return [
    documents('model', ['id'], 'id', modelCodec),
    documents('call_counters', ['model'], 'model', callCounters),
    documents('feature_kinds', ['model'], 'model', featureKinds),
    documents('log_positions', ['model'], 'model', logPositions),
    documents('drift_monitor', ['model'], 'model', driftMonitor),
    documents('baseline', ['model', 'version'], 'model', baselineCodec),
    documents('learning', ['model'], 'model', learningCodec),
    documents('window_profile', ['model', 'window_start_ms'], 'model', windowCodec),
    documents('ledger', ['model', 'prediction_id_hash'], 'model', ledgerEntryCodec, null),
    documents('waiting_label', ['model', 'prediction_id_hash'], 'model', waitingLabelCodec, null),
    documents('label_evidence', ['model', 'first_label'], 'model', labelEvidenceCodec),
    documents('batch', ['model', 'batch_id'], 'model', ingestResultCodec, 'result'),
    ...history,
    decisions,
    documents('incident_timeline', ['sequence'], null, timelineRow, null),
    documents('vote', ['id'], null, checkedVote),
    executions,
    documents('execution_attempt', ['execution', 'number'], null, attemptCodec),
    documents('verification', ['recommendation'], null, verificationCodec),
    documents('review', ['recommendation'], null, reviewCodec),
    documents('api_key', ['id'], null, apiKeyCodec),
    documents('external_alert', ['sender', 'fingerprint', 'starts_at_ms'], null, checkedAlert),
    documents('page_opinion', ['incident', 'person'], null, alertFeedbackCodec),
    {
      table: 'setting',
      key: ['name'],
      document: 'value',
      model: null,
      codecOf: ({ name }) => named.get(String(name)) ?? null,
    },
  ];
}

/** Reads every document, page by page; changes nothing, and runs beside a running service. */
export async function checkDocuments(db: Knex, owners: OwnersCodecs): Promise<StoreCheck> {
  const damaged: StoreDocumentDamaged[] = [];
  const unreadable: DamagedTable[] = [];
  let read = 0;
  for (const table of allDocuments(owners)) {
    // A store of an earlier release has fewer.
    if (!(await db.schema.hasTable(table.table))) continue;
    const { besides, ...alone } = table;
    const isReadable = besides === undefined || unreadable.every((other) => other.table !== besides.of);
    try {
      for await (const { row, error } of documentsOf(db, isReadable ? table : alone, null)) {
        read += row === null ? 0 : 1;
        if (error !== null) damaged.push(error);
      }
    } catch (error) {
      const detail = damageIn(error);
      if (detail === null) throw error;
      unreadable.push({ table: table.table, detail, onlyIndexes: false });
    }
  }
  return { documents: read, damaged, unreadable };
}

/** Rows of a model's history that cannot be read: they are all of it that goes when the model is let go of. */
export async function deleteDamagedHistory(db: Knex, model: string): Promise<number> {
  let deleted = 0;
  for (const table of history)
    for await (const { row, error } of documentsOf(db, table, model)) {
      if (row === null || error === null) continue;
      deleted += await db(table.table).where(row).delete();
    }
  return deleted;
}

/**
 * Names the model of executions anew that say another than the recommendation they belong to: they say it a second time, to be
 * found by.
 * @returns how many there were
 */
export async function nameExecutions(db: Knex, model: string): Promise<number> {
  const ids = db('recommendation').where({ model }).select('id');
  return db('execution').whereIn('recommendation', ids).whereNot({ model }).update({ model });
}

/** States that somebody still waits for, and the end each comes to where nobody can read what was decided. */
const ENDS: readonly (readonly [readonly RecommendationState[], RecommendationState])[] = [
  [['pending', 'approved'], 'withdrawn'],
  [['dispatching', 'succeeded', 'unknown'], 'inconclusive'],
];

/** The same of the executions that follow them: what may have been sent is not known, and nobody asks any more. */
const EXECUTION_ENDS: ReadonlyMap<Execution['state'], Execution['state']> = new Map([
  ['queued', 'cancelled'],
  ['dispatching', 'unknown'],
]);

/**
 * Ends decisions of a model that cannot be read, each with its execution, whichever of the two it is: an action that stays open
 * holds up those that come after it. What was decided stays as it lies there.
 * @returns how many decisions cannot be read
 */
export async function endDamagedDecisions(db: Knex, model: string): Promise<number> {
  const damaged = new Set<string>();
  for await (const { row, error } of documentsOf(db, decisions, model))
    if (row !== null && error !== null) damaged.add(String(row['id']));
  for await (const { row, error } of documentsOf(db, executions, model)) {
    if (row === null || error === null) continue;
    const found = await db('execution').where(row).first<Pick<ExecutionRow, 'recommendation'>>('recommendation');
    damaged.add(found.recommendation);
  }
  for (const id of damaged) {
    for (const [states, state] of ENDS)
      await db('recommendation')
        .where({ id })
        .whereIn('state', [...states])
        .update({ state });
    const execution = await db('execution')
      .where({ recommendation: id })
      .first<ExecutionRow | undefined>('id', 'recommendation', 'state', 'document');
    const state = EXECUTION_ENDS.get(execution?.state ?? 'succeeded');
    if (execution === undefined || state === undefined) continue;
    await db('execution')
      .where({ id: execution.id })
      .update({ state, document: endedDocument(execution, state) });
  }
  return damaged.size;
}

interface ExecutionRow {
  readonly id: string;
  readonly recommendation: string;
  readonly state: Execution['state'];
  readonly document: string;
}

/** Of an execution that can be read: the same in another state. Of another one: as it lies there. */
function endedDocument({ id, recommendation, document }: ExecutionRow, state: Execution['state']): string {
  try {
    const { finishedAtMs, startedAtMs, queuedAtMs, ...rest } = executionCodec.decode(document, { id, recommendation });
    const ended = { ...rest, state, queuedAtMs, startedAtMs, finishedAtMs: finishedAtMs ?? startedAtMs ?? queuedAtMs };
    return executionCodec.encode({ ...ended, detail: 'its decision is damaged' });
  } catch (error) {
    if (error instanceof UnreadableDocument) return document;
    throw error;
  }
}

type Key = Record<string, string | number>;

async function* documentsOf(
  db: Knex,
  { table, key, document, model, isKept, besides, codecOf }: DocumentTable,
  only: string | null,
): AsyncGenerator<{ readonly row: Key | null; readonly error: StoreDocumentDamaged | null }> {
  let after: Key | null = null;
  for (;;) {
    const query = db(table)
      .orderBy([...key])
      .limit(ROWS_AT_ONCE)
      .select<Record<string, string | number>[]>(`${table}.*`);
    if (besides !== undefined) void query.select(db.raw(besides.sql));
    if (only !== null && model !== null) void query.where(model, only);
    if (after !== null) {
      const marks = key.map(() => '?').join(', ');
      void query.whereRaw(`(${key.join(', ')}) > (${marks})`, Object.values<string | number>(after));
    }
    const rows = await query;
    for (const row of rows) {
      const at: Key = Object.fromEntries(key.map((name) => [name, row[name] ?? '']));
      after = at;
      const codec = codecOf(row);
      yield codec === null ? { row: null, error: null } : { row: at, error: damageOf(codec, row) };
    }
    if (rows.length < ROWS_AT_ONCE) return;
  }

  function damageOf(
    codec: Decoder<unknown>,
    row: Readonly<Record<string, string | number>>,
  ): StoreDocumentDamaged | null {
    const place = {
      table,
      row: key.map((name) => String(row[name])).join(' '),
      model: model === null || isKept === true ? null : String(row[model]),
    };
    try {
      readDocument(codec, document === null ? JSON.stringify(row) : String(row[document]), place, row);
      return null;
    } catch (error) {
      if (error instanceof StoreDocumentDamaged) return error;
      throw error;
    }
  }
}
